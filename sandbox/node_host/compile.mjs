// Runs compiler.wasm under V8, as docs/compiler-abi.md says.
//
//   node compile.mjs COMPILER PROFILE MODULE... [-o FILE]
//
// In: compiler.wasm, the canonical bytes of a profile, module files. Out: per
// module one line, "<verdict> <SHA-256 of the artifact | code> <module>"; with
// -o the (last) artifact as a file. Holds: V8 counts no gas, so the verdicts
// out_of_gas and out_of_memory of a chain are not this program's to give; for
// an accepted module the artifact is the one that every other host gets.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const ABI_VERSION = 2;
const COMPILER_MEMORY_PAGES_OFFSET = 32; // in the profile's canonical bytes
const CODE_OUT_OF_MEMORY = 1;
const CODE_COMPILER_DEFECT = 2;
const NOWHERE = 0xffffffff;

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

// One instance, with linear memory that moves when it grows.
class Compiler {
  constructor(module) {
    this.exports = new WebAssembly.Instance(module, {}).exports;
    if (this.exports.ingot_abi_version() !== ABI_VERSION) {
      throw new Error("compiler.wasm has another ABI version");
    }
    this.resultAddress = this.exports.ingot_result();
  }

  get memory() {
    return new Uint8Array(this.exports.memory.buffer);
  }

  write(address, parts) {
    for (const part of parts) {
      this.memory.set(part, address);
      address += part.length;
    }
  }

  result() {
    const view = new DataView(this.exports.memory.buffer, this.resultAddress);
    const field = (index) => view.getUint32(4 * index, true);
    return {
      code: field(0),
      function: field(1),
      offset: field(2),
      output: field(3),
      outputSize: field(4),
      batches: field(5),
    };
  }

  output() {
    const { output, outputSize } = this.result();
    return this.memory.slice(output, output + outputSize);
  }
}

class Refusal extends Error {}

function check(compiler, ok) {
  if (ok) return;
  const { code, function: index, offset } = compiler.result();
  const where = (number) => (number === NOWHERE ? "-" : number);
  const kind = code === CODE_OUT_OF_MEMORY ? "out_of_memory" : "rejected";
  throw new Refusal(`${kind} ${code}:${where(index)}:${where(offset)}`);
}

// An instance in the state that the plan left.
function restore(module, image) {
  const compiler = new Compiler(module);
  if (compiler.exports.ingot_restore(image.length / 65536) !== 0) {
    throw new Error("no memory to restore the plan");
  }
  compiler.memory.set(image);
  return compiler;
}

export function compile(module, compilerDigest, profile, contract) {
  const pages = new DataView(profile.buffer, profile.byteOffset).getUint32(
    COMPILER_MEMORY_PAGES_OFFSET,
    true,
  );
  const first = new Compiler(module);
  const address = first.exports.ingot_input(
    pages,
    contract.length,
    profile.length,
  );
  check(first, address !== 0);
  first.write(address >>> 0, [
    sha256(contract),
    compilerDigest,
    sha256(profile),
    profile,
    contract,
  ]);
  check(first, first.exports.ingot_plan() === 0);

  const image = first.memory.slice();
  const { batches } = first.result();
  const pieces = [];
  for (let batch = 0; batch < batches; ++batch) {
    const compiler = restore(module, image);
    check(compiler, compiler.exports.ingot_compile_functions(batch) === 0);
    pieces.push(compiler.output());
  }

  const sizes = new Uint8Array(4 * batches);
  const sizesView = new DataView(sizes.buffer);
  pieces.forEach((piece, i) => sizesView.setUint32(4 * i, piece.length, true));
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const linkAddress = first.exports.ingot_link_input(batches, total);
  check(first, linkAddress !== 0);
  first.write(linkAddress >>> 0, [sizes, ...pieces]);
  check(first, first.exports.ingot_link() === 0);
  return first.output();
}

function main(args) {
  const outputFlag = args.indexOf("-o");
  const outputFile =
    outputFlag < 0 ? undefined : args.splice(outputFlag, 2)[1];
  if (args.length < 3) {
    console.error("usage: compile.mjs COMPILER PROFILE MODULE... [-o FILE]");
    return 2;
  }
  const [compilerFile, profileFile, ...moduleFiles] = args;
  const compilerBytes = readFileSync(compilerFile);
  const module = new WebAssembly.Module(compilerBytes);
  const digest = sha256(compilerBytes);
  const profile = readFileSync(profileFile);
  let code = 0;
  for (const file of moduleFiles) {
    try {
      const artifact = compile(module, digest, profile, readFileSync(file));
      if (outputFile !== undefined) writeFileSync(outputFile, artifact);
      console.log(`accepted ${sha256(artifact).toString("hex")} ${file}`);
    } catch (error) {
      code = 1;
      if (error instanceof Refusal) {
        console.log(`${error.message} ${file}`);
      } else if (error instanceof WebAssembly.RuntimeError) {
        console.log(`rejected ${CODE_COMPILER_DEFECT}:-:- ${file}`);
      } else {
        throw error;
      }
    }
  }
  return code;
}

process.exitCode = main(process.argv.slice(2));
