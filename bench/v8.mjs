// V8 beside Ingot, for bench/run. In: `compile ROUNDS`, or `run ROUNDS CALLS
// BEFORE EXPORT [TYPE:BITS...]`, where BEFORE is "EXPORT NUMBER...; ...";
// module paths on standard input, one a line. Out: a line for each, separated
// by tabs: path, least time in microseconds, result; of a kernel that cannot be
// timed the path only. V8's flags choose the compiler.

import {readFileSync} from 'node:fs';

const [command, rounds, ...rest] = process.argv.slice(2);
// More rounds of a small module, until they took this long together.
const leastMilliseconds = 100;

function compileTime(bytes) {
  let least = Infinity;
  let all = 0;
  for (let i = 0; i < rounds || (rounds > 1 && all < leastMilliseconds);
       ++i) {
    const begin = process.hrtime.bigint();
    new WebAssembly.Module(bytes);
    const time = Number(process.hrtime.bigint() - begin);
    all += time / 1e6;
    least = Math.min(least, time);
  }
  return [least / 1e3];
}

// TYPE:BITS to a number of JavaScript.
function argument(word) {
  const [type, bits] = word.split(':');
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(bits), true);
  switch (type) {
    case 'i32': return view.getInt32(0, true);
    case 'i64': return view.getBigInt64(0, true);
    case 'f32': return view.getFloat32(0, true);
    case 'f64': return view.getFloat64(0, true);
  }
  return null;
}

// The first rounds run baseline code, so there are more than three.
function runTime(bytes) {
  const [calls, before, name, ...words] = rest;
  const args = words.map(argument);
  const module = new WebAssembly.Module(bytes);
  if (WebAssembly.Module.imports(module).length !== 0) return [];
  let least = Infinity;
  let result;
  for (let i = 0; i < rounds; ++i) {
    const {exports} = new WebAssembly.Instance(module);
    for (const step of before.split(';').filter(Boolean)) {
      const [first, ...numbers] = step.trim().split(' ');
      exports[first](...numbers.map(Number));
    }
    const run = exports[name];
    if (calls > 1) result = run(...args);
    const begin = process.hrtime.bigint();
    for (let k = 0; k < calls; ++k) {
      const again = run(...args);
      if (calls == 1) result = again;
    }
    const time = Number(process.hrtime.bigint() - begin);
    least = Math.min(least, time / calls);
  }
  return [least / 1e3, result ?? ''];
}

for (const path of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  let found = [];
  try {
    const bytes = new Uint8Array(readFileSync(path));
    found = command === 'compile' ? compileTime(bytes) : runTime(bytes);
  } catch (error) {
    process.stderr.write(`${path}: ${error}\n`);
  }
  console.log([path, ...found].join('\t'));
}
