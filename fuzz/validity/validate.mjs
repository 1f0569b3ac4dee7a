// V8's opinion. In: on standard input, modules, each after its length in 4
// bytes, least first. Out: a line for each, 1 for valid, else 0 and why.

import {readFileSync} from 'node:fs';
import {setFlagsFromString} from 'node:v8';

// Behind flags in node 18 and 20; later versions do not know the flags.
setFlagsFromString('--experimental-wasm-extended-const');
setFlagsFromString('--experimental-wasm-return-call');

const input = readFileSync(0);
const lines = [];
for (let at = 0; at < input.length;) {
  const size = input.readUInt32LE(at);
  const bytes = input.subarray(at + 4, at + 4 + size);
  at += 4 + size;
  if (WebAssembly.validate(bytes)) {
    lines.push('1');
    continue;
  }
  try {
    new WebAssembly.Module(bytes);
    lines.push('0 invalid, yet compiled');
  } catch (error) {
    lines.push(`0 ${String(error.message).replaceAll('\n', ' ')}`);
  }
}
process.stdout.write(lines.map((line) => line + '\n').join(''));
