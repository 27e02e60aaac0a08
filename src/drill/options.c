#include "drill/options.h"

#include "base/memory.h"
#include "wire/ip.h"

void drill_options_default(struct drill_options *options)
{
    memset(options, 0, sizeof *options);
    options->bind_port = options->connect_port = 8080;
    options->mtu = 1500;
    options->tolerance = 4000000;
    options->tolerance_percent = 12500;
}

/* ---- values ---- */

struct setting {
    struct slice name, value;
    struct drill_error *error;
};

static bool refuse(const struct setting *setting, const char *words)
{
    struct text text = drill_error_begin(setting->error, setting->error->line);
    text_put(&text, "--");
    text_slice(&text, setting->name);
    text_put(&text, words);
    return false;
}

static bool number(const struct setting *setting, uint32_t low, uint32_t high, uint32_t *to)
{
    int64_t value;
    if (drill_integer(setting->value, &value) && value >= low && value <= high) {
        *to = (uint32_t)value;
        return true;
    }
    refuse(setting, " takes a number from ");
    struct text text = {setting->error->text, sizeof setting->error->text, slice_of(setting->error->text).length};
    text_number(&text, low);
    text_put(&text, " to ");
    text_number(&text, high);
    return false;
}

static bool port(const struct setting *setting, uint16_t *to)
{
    uint32_t value;
    if (!number(setting, 1, 65535, &value))
        return false;
    *to = (uint16_t)value;
    return true;
}

static bool switched(const struct setting *setting, bool *to)
{
    *to = setting->value.length == 0 || slice_is(setting->value, "1") || slice_is(setting->value, "true");
    if (*to || slice_is(setting->value, "0") || slice_is(setting->value, "false"))
        return true;
    return refuse(setting, " is a switch: it takes 0, 1 or nothing");
}

/* A.B.C.D or an IPv6 address, perhaps with /length. */
static bool address(const struct setting *setting, struct septet_address *to, uint8_t *prefix)
{
    struct slice text = setting->value, length;
    int64_t bits;
    const bool given = slice_split(setting->value, '/', &text, &length);
    if (!septet_address_parse(text.at, text.length, to) ||
        (given && (!drill_integer(length, &bits) || bits < 0 || bits > (septet_address_is_ipv4(to) ? 32 : 128))))
        return refuse(setting, " takes an IP address");
    if (given && prefix != NULL)
        *prefix = (uint8_t)bits;
    return true;
}

/* 255.255.0.0 as a number of bits. */
static bool netmask(const struct setting *setting, uint8_t *bits)
{
    struct septet_address mask;
    if (!septet_address_parse(setting->value.at, setting->value.length, &mask) || !septet_address_is_ipv4(&mask))
        return refuse(setting, " takes an IPv4 netmask");
    const uint32_t value = (uint32_t)mask.bytes[12] << 24 | (uint32_t)mask.bytes[13] << 16 |
                           (uint32_t)mask.bytes[14] << 8 | mask.bytes[15];
    *bits = 0;
    while (*bits < 32 && (value << *bits & UINT32_C(0x80000000)))
        ++*bits;
    if (*bits < 32 && value << *bits != 0)
        return refuse(setting, " takes an IPv4 netmask");
    return true;
}

static bool ip_version(const struct setting *setting, enum drill_ip_version *version)
{
    if (slice_is(setting->value, "ipv4"))
        *version = DRILL_IPV4;
    else if (slice_is(setting->value, "ipv6"))
        *version = DRILL_IPV6;
    else if (slice_is(setting->value, "ipv4-mapped-ipv6") || slice_is(setting->value, "ipv4_mapped_ipv6"))
        *version = DRILL_IPV4_MAPPED;
    else
        return refuse(setting, " takes ipv4, ipv4-mapped-ipv6 or ipv6");
    return true;
}

static bool percent(const struct setting *setting, uint32_t *thousandths)
{
    int64_t value;
    if (!drill_seconds(setting->value, &value) || value > INT64_C(1000000000000))
        return refuse(setting, " takes a percentage from 0 to 1000");
    *thousandths = (uint32_t)(value / 1000000);
    return true;
}

/* packet, syscall or both */
static bool leniency(const struct setting *setting, struct drill_options *options)
{
    struct slice rest = setting->value, word;
    while (rest.length != 0) {
        if (!slice_split(rest, ',', &word, &rest)) {
            word = rest;
            rest.length = 0;
        }
        if (slice_is(word, "packet") || slice_is(word, "packets"))
            options->lenient_packets = true;
        else if (slice_is(word, "syscall") || slice_is(word, "syscalls"))
            options->lenient_calls = true;
        else
            return refuse(setting, " takes packet, syscall or packet,syscall");
    }
    return true;
}

static bool profile(const struct setting *setting, struct drill_options *options)
{
    if (slice_is(setting->value, "auto")) {
        options->profile[0] = '\0';
        return true;
    }
    if (setting->value.length == 0 || setting->value.length >= sizeof options->profile)
        return refuse(setting, " takes the name of a profile");
    memcpy(options->profile, setting->value.at, setting->value.length);
    options->profile[setting->value.length] = '\0';
    return true;
}

/* ---- names ---- */

/* Known to packetdrill, but about kernels, devices and real time: read and ignored. */
static const char *const ignored[] = {
    "speed",
    "mss",
    "send_omit_free",
    "debug",
    "code_command",
    "code_format",
    "code_sockopt",
    "tun_dev",
    "persistent_tun_dev",
    "no_cleanup",
    "gateway_ip",
    "gateway_linklocal_ip",
    "so_flags",
    "psp_udp_port",
    "local_linklocal_ip",
    "remote_linklocal_ip",
};

/* Nothing that is run here can do these. */
static const char *const unsupported[] = {
    "wire_client",        "wire_server",        "wire_server_ip",    "wire_server_port",
    "wire_client_device", "wire_server_device", "wire_server_at",    "wire_client_dev",
    "wire_server_dev",    "so_filename",        "udp_encapsulation", "tcp_md5_secret",
};

static bool listed(struct slice name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(name, list[i]))
            return true;
    return false;
}

static bool set_network(struct drill_options *options, const struct setting *setting, bool *known)
{
    const struct slice name = setting->name;
    *known = true;
    if (slice_is(name, "ip_version"))
        return ip_version(setting, &options->ip_version);
    if (slice_is(name, "local_ip"))
        return address(setting, &options->local, &options->local_prefix);
    if (slice_is(name, "remote_ip"))
        return address(setting, &options->remote, NULL);
    if (slice_is(name, "netmask_ip"))
        return netmask(setting, &options->local_prefix);
    if (slice_is(name, "bind_port"))
        return port(setting, &options->bind_port);
    if (slice_is(name, "connect_port"))
        return port(setting, &options->connect_port);
    if (slice_is(name, "mtu"))
        return number(setting, 576, 65535, &options->mtu);
    if (slice_is(name, "is_anyip"))
        return switched(setting, &options->any_ip);
    *known = false;
    return true;
}

static bool set_checks(struct drill_options *options, const struct setting *setting, bool *known)
{
    const struct slice name = setting->name;
    uint32_t value;
    *known = true;
    if (slice_is(name, "tolerance_usecs")) {
        if (!number(setting, 0, UINT32_MAX, &value))
            return false;
        options->tolerance = (int64_t)value * 1000;
        return true;
    }
    if (slice_is(name, "tolerance_percent"))
        return percent(setting, &options->tolerance_percent);
    if (slice_is(name, "tcp_ts_tick_usecs"))
        return number(setting, 0, 1000000, &options->tick);
    if (slice_is(name, "tcp_ts_ecr_scaled"))
        return switched(setting, &options->scaled_echo);
    if (slice_is(name, "strict_segments"))
        return switched(setting, &options->strict_segments);
    if (slice_is(name, "non_fatal"))
        return leniency(setting, options);
    if (slice_is(name, "dry_run"))
        return switched(setting, &options->dry_run);
    if (slice_is(name, "verbose") || slice_is(name, "v"))
        return switched(setting, &options->verbose);
    if (slice_is(name, "profile"))
        return profile(setting, options);
    if (slice_is(name, "init_scripts")) {
        options->init_scripts = setting->value;
        return true;
    }
    *known = false;
    return true;
}

bool drill_option_set(struct drill_options *options, struct slice name, bool has_value, struct slice value,
                      struct drill_error *error)
{
    const struct setting setting = {name, has_value ? value : (struct slice){"", 0}, error};
    bool known;
    if (!set_network(options, &setting, &known) || (!known && !set_checks(options, &setting, &known)))
        return false;
    if (known || listed(name, ignored, sizeof ignored / sizeof ignored[0]))
        return true;
    if (!listed(name, unsupported, sizeof unsupported / sizeof unsupported[0]))
        return refuse(&setting, " is no option");
    struct text text = drill_unsupported_begin(error, error->line);
    text_put(&text, "option --");
    text_slice(&text, name);
    return false;
}

void drill_options_profile(struct drill_options *options, const char *name)
{
    memcpy(options->profile, name, slice_of(name).length + 1);
}

void drill_options_finish(struct drill_options *options)
{
    const bool ipv6 = options->ip_version == DRILL_IPV6;
    const struct septet_address none = {{0}};
    static const char local[] = "fd3d:fa7b:d17d::1", remote[] = "2001:db8::1";
    if (septet_address_equal(&options->local, &none)) {
        options->local = septet_address_ipv4(192, 168, 0, 1);
        if (ipv6)
            septet_address_parse(local, sizeof local - 1, &options->local);
    }
    if (septet_address_equal(&options->remote, &none)) {
        options->remote = septet_address_ipv4(192, 0, 2, 1);
        if (ipv6)
            septet_address_parse(remote, sizeof remote - 1, &options->remote);
    }
    if (options->local_prefix == 0)
        options->local_prefix = ipv6 ? 64 : 16;
}
