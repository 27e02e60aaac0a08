# A thin door to Meson: see docs/building.md.
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
WORKLOADS ?=
WERROR ?= false
SUITES ?=

export JOBS

options = -Dprefix=$(PREFIX) -Dwerror=$(WERROR)

.PHONY: all setup configure demo test bench install fuzz tidy format format-check portability matrix clean

all: configure
	@ninja -C $(BUILD) -j $(JOBS)

setup:
	@scripts/setup.sh build

# Configures once, and again only when an option of this Makefile changed.
configure: setup
	@scripts/configure.sh $(BUILD) $(options)

demo: all
	@scripts/demo.sh $(BUILD)

test: setup
	@scripts/setup.sh test || echo "make test: goes on without them and skips what needs them"
	@scripts/configure.sh $(BUILD) $(options) -Dtests=enabled -Dcli=enabled
	@ninja -C $(BUILD) -j $(JOBS)
	@scripts/test.sh $(BUILD) $(SUITES)

bench: all
	@$(BUILD)/septet bench $(WORKLOADS)

install: all
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

fuzz: setup
	@scripts/setup.sh test
	@scripts/fuzz.sh build-fuzz $(FUZZ_SECONDS)

tidy: configure
	@scripts/setup.sh test
	@scripts/tidy.sh $(BUILD)

format:
	@scripts/format.sh

format-check:
	@scripts/format.sh --check

matrix: all
	@scripts/rfc_matrix.py $(BUILD)/septet .

portability: all
	@scripts/setup.sh test
	@scripts/portability.sh $(BUILD)

clean:
	@rm -rf build build-*
