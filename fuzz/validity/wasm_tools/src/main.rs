//! wasm-tools' opinion of many modules. In: on standard input, modules, each
//! after its length in 4 bytes, least first. Out: a line for each, 1 for valid,
//! else 0 and why. Holds: it is what `wasm-tools validate --features
//! wasm2,-simd,tail-call,extended-const` does, the features of Ingot's largest
//! profile.

use std::io::{self, BufWriter, Read, Write};
use wasmparser::{Validator, WasmFeatures};

fn main() -> io::Result<()> {
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input)?;
    let features = WasmFeatures::WASM2.difference(WasmFeatures::SIMD)
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::EXTENDED_CONST;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut rest = &input[..];
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let size = u32::from_le_bytes(*length) as usize;
        let Some((module, next)) = behind.split_at_checked(size) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        match Validator::new_with_features(features).validate_all(module) {
            Ok(_) => writeln!(out, "1")?,
            Err(why) => writeln!(out, "0 {}", why.to_string().replace('\n', " "))?,
        }
        rest = next;
    }
    out.flush()
}
