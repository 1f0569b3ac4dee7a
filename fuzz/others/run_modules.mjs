// Runs subjects of fuzz/differential on V8. In, on standard input: a question
// per line (fuzz/differential/portable.h). Out: an answer per line, or `none`
// where V8's own stack ended, or where two imports share a name, which
// JavaScript cannot tell apart. The host is that of
// fuzz/differential/host.cc, number by number.
import {createInterface} from 'node:readline';
import {setFlagsFromString} from 'node:v8';

// Behind flags in node 18 and 20; later versions do not know the flags.
setFlagsFromString('--experimental-wasm-extended-const');
setFlagsFromString('--experimental-wasm-return-call');

const MASK = (1n << 64n) - 1n;
const GOLDEN = 0x9E3779B97F4A7C15n;

// splitmix64, as in fuzz/differential/random.h.
function mix(state) {
  state = (state + GOLDEN) & MASK;
  state = ((state ^ (state >> 30n)) * 0xBF58476D1CE4E5B9n) & MASK;
  state = ((state ^ (state >> 27n)) * 0x94D049BB133111EBn) & MASK;
  return state ^ (state >> 31n);
}

const view = new DataView(new ArrayBuffer(8));

// A value of JavaScript as bits, a NaN as the canonical one.
function bitsOf(type, value) {
  switch (type) {
    case 'i':
      return BigInt(value >>> 0);
    case 'I':
      return BigInt.asUintN(64, value);
    case 'f':
      if (Number.isNaN(value)) return 0x7FC00000n;
      view.setFloat32(0, value);
      return BigInt(view.getUint32(0));
    case 'F':
      if (Number.isNaN(value)) return 0x7FF8000000000000n;
      view.setFloat64(0, value);
      return view.getBigUint64(0);
    default:
      return value === null ? 0n : 1n;
  }
}

// A NaN of whatever bits is the canonical one: V8 may keep the others' bits.
const canonical = (value) => (Number.isNaN(value) ? NaN : value);

function valueOf(type, bits) {
  switch (type) {
    case 'i':
      return Number(BigInt.asIntN(32, bits));
    case 'I':
      return BigInt.asIntN(64, bits);
    case 'f':
      view.setUint32(0, Number(BigInt.asUintN(32, bits)));
      return canonical(view.getFloat32(0));
    case 'F':
      view.setBigUint64(0, bits);
      return canonical(view.getFloat64(0));
    default:
      return null;
  }
}

function textOf(type, value) {
  if (type === 'r' || type === 'x') return value === null ? 'null' : 'ref';
  if (Number.isNaN(value)) return 'nan';
  return bitsOf(type, value).toString(16);
}

const decode = (text) => Buffer.from(text, 'base64');
const nameOf = (text) => decode(text).toString('utf8');

class HostTrap extends Error {}
class HostRevert extends Error {}

// The imports of one module. `run` holds what its modules share.
class Host {
  constructor(run) {
    this.run = run;
    this.memory = null;  // memory 0 of the module
  }

  call(number, params, results, args) {
    let state = BigInt(number);
    params.forEach((type, i) => {
      state = mix(state ^ bitsOf(type, args[i]));
    });
    ++this.run.calls;
    if (!this.run.noise) return results.map((type) => valueOf(type, 0n));
    state = mix((state + BigInt(this.run.calls)) & MASK);
    if (state % 64n === 0n) throw new HostTrap();
    if (state % 64n === 1n) throw new HostRevert();
    const size = this.memory === null ? 0 : this.memory.buffer.byteLength;
    if (size > 8) {
      const at = Number(state % BigInt(size - 8));
      new DataView(this.memory.buffer).setBigUint64(at, state, true);
    }
    return results.map((type) => {
      state = mix(state);
      return valueOf(type, state);
    });
  }

  make(item) {
    const number = this.run.imports++;
    switch (item.kind) {
      case 'function': {
        const params = [...item.params];
        const results = [...item.results];
        return (...args) => {
          const made = this.call(number, params, results, args);
          return made.length > 1 ? made : made[0];
        };
      }
      case 'table': {
        const type = {element: item.type === 'r' ? 'anyfunc' : 'externref',
                      initial: item.min};
        if (item.max !== undefined) type.maximum = item.max;
        return item.type === 'r' ? new WebAssembly.Table(type)
                                 : new WebAssembly.Table(type, null);
      }
      case 'memory': {
        const type = {initial: item.min};
        if (item.max !== undefined) type.maximum = item.max;
        return new WebAssembly.Memory(type);
      }
      default: {
        const types = {i: 'i32', I: 'i64', f: 'f32', F: 'f64', r: 'anyfunc',
                       x: 'externref'};
        return new WebAssembly.Global(
            {value: types[item.type], mutable: item.mutable},
            valueOf(item.type, 0n));
      }
    }
  }
}

// Classes of fuzz/differential/portable.cc by what V8 says.
const TRAPS = [
  [/unreachable/, 'unreachable'],
  [/data segment|memory access out of bounds/, 'memory'],
  [/table index|table access|table initializer|element segment|table .*out of bounds/,
   'table'],
  [/signature mismatch|null function/, 'signature'],
  [/divide by zero|remainder by zero/, 'zero'],
  [/unrepresentable/, 'number'],
];

function trapOf(error) {
  if (error instanceof HostTrap) return 'trapped unreachable';
  if (error instanceof HostRevert) return 'reverted';
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    return null;
  }
  const found = TRAPS.find(([text]) => text.test(error.message));
  return found ? `trapped ${found[1]}` : `failed: ${error}`;
}

function checksum(memory) {
  let sum = 0x811C9DC5;
  if (memory !== null) {
    for (const byte of new Uint8Array(memory.buffer)) {
      sum = Math.imul(sum ^ byte, 0x01000193);
    }
  }
  return sum >>> 0;
}

// An instance, with memory 0 known before its start function runs where the
// module imports it.
function instantiate(module, run, instances) {
  const host = new Host(run);
  const imports = {};
  for (const item of module.imports) {
    const from = nameOf(item.module);
    const name = nameOf(item.name);
    const library = /^library([0-9])$/.exec(from);
    const value =
        library ? instances[library[1]].exports[name] : host.make(item);
    if (value instanceof WebAssembly.Memory) host.memory = value;
    (imports[from] ??= {})[name] = value;
  }
  const instance =
      new WebAssembly.Instance(new WebAssembly.Module(decode(module.bytes)),
                               imports);
  if (host.memory === null) {
    host.memory = Object.values(instance.exports).find(
        (item) => item instanceof WebAssembly.Memory) ?? null;
  }
  return {exports: instance.exports, memory: host.memory};
}

// Whether every import has a name of its own.
function distinct({imports}) {
  const names = imports.map(({module, name}) => `${module} ${name}`);
  return new Set(names).size === names.length;
}

function answer(question) {
  if (!question.modules.every(distinct)) return 'none';
  const run = {calls: 0, imports: 0, noise: question.noise};
  const instances = [];
  let text = '';
  for (const module of question.modules) {
    try {
      instances.push(instantiate(module, run, instances));
      text += 'returned;';
    } catch (error) {
      const trap = trapOf(error);
      return trap === null ? 'none' : `${text}${trap};`;
    }
  }
  for (const step of question.steps) {
    const args = step.args.map(
        (bits, i) => valueOf(step.params[i], BigInt(bits)));
    try {
      const call = instances.at(-1).exports[nameOf(step.name)];
      const made = call(...args);
      const results = step.results.length > 1 ? [...made] : [made];
      text += 'returned';
      [...step.results].forEach((type, i) => {
        text += ` ${textOf(type, results[i])}`;
      });
    } catch (error) {
      const trap = trapOf(error);
      if (trap === null) return 'none';
      text += trap;
    }
    text += ';';
  }
  question.modules.forEach((module, i) => {
    text += `memory ${checksum(instances[i].memory)};`;
    for (const {name, type} of module.globals) {
      const value = instances[i].exports[nameOf(name)].value;
      text += `global ${textOf(type, value)};`;
    }
  });
  return text;
}

for await (const line of createInterface({input: process.stdin})) {
  process.stdout.write(`${answer(JSON.parse(line))}\n`);
}
