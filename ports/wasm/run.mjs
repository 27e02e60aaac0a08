// Runs random worlds in WebAssembly and prints what ports/portable/main.c prints.
// usage: node run.mjs FILE.wasm FIRST COUNT
import { readFile } from "node:fs/promises";

const MEMORY = 64 << 20; // PORTABLE_MEMORY
const BLOCK = 10n; // PORTABLE_BLOCK
const PAGE = 65536;

const [file, firstText, countText] = process.argv.slice(2);
if (!/^\d+$/.test(firstText ?? "") || !/^\d+$/.test(countText ?? "")) {
  console.error("usage: node run.mjs FILE.wasm FIRST COUNT");
  process.exit(2);
}

const { instance } = await WebAssembly.instantiate(await readFile(file), {});
const { memory, septet_portable_run: run, __heap_base: heap } = instance.exports;

// The digest lies at the end of the program's own data, the worlds behind it.
const digestAt = (heap.value + 15) & ~15;
const worldsAt = digestAt + 16;
const wanted = Math.ceil((worldsAt + MEMORY) / PAGE);
memory.grow(Math.max(0, wanted - memory.buffer.byteLength / PAGE));

let first = BigInt(firstText);
let left = BigInt(countText);
while (left > 0n) {
  const block = left < BLOCK ? left : BLOCK;
  const good = run(first, Number(block), worldsAt, MEMORY, digestAt);
  const digest = new DataView(memory.buffer).getBigUint64(digestAt, true);
  const text = digest.toString(16).padStart(16, "0");
  console.log(`worlds ${first}..${first + block - 1n} ${text}${good ? "" : " failed"}`);
  if (!good) process.exit(1);
  first += block;
  left -= block;
}
