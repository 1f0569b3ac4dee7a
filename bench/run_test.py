"""bench/run on one small module: it runs, and its table has its shape."""

import os
import re
import subprocess
import unittest

ROW = re.compile(r'^(.{50})\s*(\S+)\s+(\S+)\s+(\S+)\s+(\d+)', re.MULTILINE)
MODULE = 'testdata/contracts/hash_chain.wasm'


def figures(*arguments):
  return subprocess.run(['bench/figures', *arguments], text=True,
                        capture_output=True, check=False)


class RunTest(unittest.TestCase):

  def test_prints_machine_command_and_every_figure(self):
    result = subprocess.run(
        ['bench/run', '--quick', '--binaries', '.', '--only', 'hash_chain',
         '--corpus', 'no/such/folder'],
        text=True, capture_output=True, check=False,
        env={**os.environ, 'PYTHONIOENCODING': 'utf-8'})
    self.assertEqual(result.returncode, 0, result.stderr)
    lines = result.stdout.splitlines()
    self.assertRegex(lines[0], r'^machine: .*, \d+ cores, .* load')
    self.assertRegex(lines[1], r'^command: bench/run --quick')
    self.assertIn('1 own contracts (no corpus here)', result.stdout)
    self.assertRegex(result.stdout, r'compiler\.wasm \d+ bytes')
    self.assertIn('Run time, 1 of 1 kernels', result.stdout)
    rows = {match[1].strip(): match for match in ROW.finditer(result.stdout)}
    for figure in ('sandboxed ÷ native', 'hashing ÷ sandboxed',
                   'MB of wasm code per second: native',
                   'artifact ÷ module bytes', 'machine code ÷ wasm code bytes',
                   'metered ÷ unmetered', 'native ÷ interpreter'):
      self.assertIn(figure, rows)
      for column in (2, 3, 4):
        self.assertGreater(float(rows[figure][column]), 0, figure)
      self.assertEqual(rows[figure][5], '1', figure)
    self.assertIn('native ÷ V8 Liftoff', rows)
    self.assertIn('native ÷ V8', rows)

  def test_says_why_a_kernel_cannot_be_timed(self):
    artifact = 'unmetered'
    subprocess.run(['bench/compile_unmetered', '0', MODULE, artifact], check=True)
    result = figures('--quick', 'run', MODULE, artifact, 'none', '',
                     'run 3; nothing')
    self.assertEqual(result.returncode, 0)
    self.assertIn('no exported function nothing\t0', result.stdout)

  def test_refuses_unknown_commands_and_modules(self):
    self.assertEqual(figures('walk').returncode, 2)
    self.assertEqual(
        subprocess.run(['bench/compile_unmetered', '0', 'bench/run', 'out'],
                       stderr=subprocess.DEVNULL, check=False).returncode, 1)


if __name__ == '__main__':
  unittest.main()
