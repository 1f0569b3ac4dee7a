"""The peers' half of bench/run: builds bench/peers, measures, compares.

In: the rows that bench/run has of Ingot. Out: columns beside them, tables of
ratios with their goals, the kernels that are slowest beside Cranelift. Holds: a
row is compared only where a peer returned the same results and left the same
memory, and what has no time is named with its reason.
"""

import math
import os
import statistics
import subprocess

BENCH = os.path.dirname(os.path.abspath(__file__))
ENGINES = ['cranelift', 'cranelift-fuel', 'winch', 'winch-fuel', 'singlepass',
           'singlepass-metered', 'wasmi']

# Groups of modules.tsv, as the tables call them.
GROUPS = {'own': 'own contracts', 'crypto': 'crypto',
          'sightglass': 'sightglass', 'fizzy': 'numeric', 'wasm3': 'numeric',
          'wamr': 'numeric', 'misc': 'numeric', 'wizard': 'small functions',
          'real': 'real programs'}

RUN_GOALS = {'cranelift': 1.0, 'cranelift-fuel': 0.82,
             'singlepass-metered': 0.36}
WORST_BESIDE_CRANELIFT = 1.5


class Differs(Exception):
  """A peer computes something else than Ingot."""


def geomean(values):
  return math.exp(statistics.fmean(math.log(value) for value in values))


def rows_of(text):
  lines = text.splitlines()
  heading = lines[0].split('\t')
  return [dict(zip(heading, line.split('\t'))) for line in lines[1:]]


class Peers:
  """The program of bench/peers."""

  def __init__(self, binary, quick, engines):
    self.binary = binary or self.build()
    self.engines = engines
    self.quick = ['--quick'] if quick else []

  @staticmethod
  def build():
    """Some ten minutes the first time; all versions are those of Cargo.lock."""
    folder = os.environ.get('CARGO_TARGET_DIR',
                            os.path.join(BENCH, '.cache', 'peers'))
    subprocess.run(['cargo', 'build', '--release', '--locked', '--quiet'],
                   cwd=os.path.join(BENCH, 'peers'), check=True,
                   env={**os.environ, 'CARGO_TARGET_DIR': folder})
    return os.path.join(folder, 'release', 'peers')

  def lines(self, arguments, **kwargs):
    command = [self.binary, arguments[0]] + self.quick + arguments[1:]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                            check=True, **kwargs)
    return rows_of(result.stdout)

  def compile(self, rows):
    """Adds ENGINE_us and ENGINE_bytes to rows of modules."""
    by_path = {row['module']: row for row in rows}
    found = self.lines(['compile', self.engines], input='\n'.join(by_path))
    for line in found:
      row = by_path[line['module']]
      row[line['engine'] + '_us'] = float(line['us'])
      row[line['engine'] + '_bytes'] = float(line['code_bytes'])
      if line['problem']:
        row.setdefault('refused', []).append(
            f'{line["engine"]}: {line["problem"]}')

  def run(self, row, kernel):
    """Adds ENGINE_us to the row of one kernel that Ingot has run."""
    path, entry, arguments, host, argv, before = kernel
    calls = '; '.join(filter(None, [before, f'{entry} {arguments}']))
    repeats = 'yes' if row['calls'] > 1 else 'no'
    row['differences'] = []
    for line in self.lines(['run', '--engines', self.engines, path,
                            host, argv, calls, repeats]):
      engine = line['engine']
      row[engine + '_us'] = 0.0
      if line['problem']:
        row['differences'].append(f'{engine}: {line["problem"]}')
      elif line['results'] != row['results']:
        row['differences'].append(
            f'{engine} returns {line["results"]}, Ingot {row["results"]}')
      elif not same_memory(line['memory'], row):
        row['differences'].append(f'{engine} leaves another memory')
      else:
        row[engine + '_us'] = float(line['us'])

  def values(self, arguments):
    """(figure, engine) to number."""
    return {(line['figure'], line['engine']): float(line['value'])
            for line in self.lines(arguments) if not line['problem']}


# SHA-256 of nothing: a peer sees only a memory that is exported.
NO_MEMORY = ('e3b0c44298fc1c149afbf4c8996fb924'
             '27ae41e4649b934ca495991b7852b855')


def same_memory(digest, row):
  """Floats may leave NaNs of other bits in memory: Ingot's are canonical."""
  return digest in (NO_MEMORY, row['memory'])


class Goals:
  """Ratios beside their goals, met or missed."""

  def __init__(self, title):
    print(f'\n{title}')
    print(f'{"figure":58}{"geomean":>9}{"total":>9}{"n":>5}  goal')

  def ratio(self, title, rows, above, below, goal=None):
    pairs = [(above(row), below(row)) for row in rows]
    pairs = [(a, b) for a, b in pairs if a and b]
    if not pairs:
      return
    mean = geomean([a / b for a, b in pairs])
    total = sum(a for a, _ in pairs) / sum(b for _, b in pairs)
    print(f'{title:58}{mean:9.3f}{total:9.3f}{len(pairs):5}'
          f'{verdict(mean, goal)}')

  def median(self, title, rows, above, below, goal):
    ratios = [above(row) / below(row) for row in rows
              if above(row) and below(row)]
    if ratios:
      middle = statistics.median(ratios)
      print(f'{title:58}{middle:9.3f}{"":9}{len(ratios):5}'
            f'{verdict(middle, goal)}')

  def number(self, title, value, goal=None, unit='', at_least=False):
    if value:
      print(f'{title:58}{value:9.3f}{unit:>9}{"":5}'
            f'{verdict(value, goal, at_least)}')


def verdict(value, goal, at_least=False):
  if goal is None:
    return ''
  met = value >= goal if at_least else value <= goal
  return f'  {"≥" if at_least else "≤"} {goal:g}  {"met" if met else "missed"}'


def column(key):
  return lambda row: row.get(key, 0)


def group_of(row):
  return GROUPS.get(row['group'], row['group'])


def report_runs(rows):
  """Tables over kernels; rows are those that Ingot has timed."""
  goals = Goals('Run time: metered Ingot beside the peers')
  names = list(dict.fromkeys(group_of(row) for row in rows))
  for engine in ENGINES:
    goals.ratio(f'Ingot ÷ {engine}', rows, column('metered_us'),
                column(engine + '_us'), RUN_GOALS.get(engine))
    for name in names:
      goals.ratio(f'  {name}', [row for row in rows if group_of(row) == name],
                  column('metered_us'), column(engine + '_us'))
  goals.ratio('Ingot ÷ V8', rows, column('metered_us'), column('v8_us'))
  goals.ratio('Ingot ÷ native C++ (clang -O2)', rows, column('metered_us'),
              column('c_us'))
  goals.ratio('Cranelift ÷ native C++ (clang -O2)', rows,
              column('cranelift_us'), column('c_us'))
  report_worst(rows)
  for row in rows:
    for difference in row.get('differences', []):
      print(f'not compared: {row["kernel"]} {row["entry"]}: {difference}')


def beside_cranelift(rows):
  """(ratio, row), the slowest first."""
  found = [(row['metered_us'] / row['cranelift_us'], row) for row in rows
           if row.get('cranelift_us') and row['metered_us']]
  return sorted(found, key=lambda pair: -pair[0])


def report_worst(rows):
  worst = beside_cranelift(rows)
  over = sum(ratio > WORST_BESIDE_CRANELIFT for ratio, _ in worst)
  print(f'\nSlowest beside Cranelift; {over} of {len(worst)} over the bound of '
        f'{WORST_BESIDE_CRANELIFT:g}')
  for ratio, row in worst[:15]:
    print(f'{ratio:7.2f}  {row["kernel"]} {row["entry"]}  '
          f'({row["metered_us"]:.1f} µs, Cranelift {row["cranelift_us"]:.1f})')


def write_kernels(path, rows, heading):
  """Every kernel's ratio as a table in Markdown, the slowest first."""
  with open(path, 'w', encoding='utf-8') as file:
    file.write(f'# Ingot ÷ Cranelift, kernel by kernel\n\n{heading}\n\n')
    file.write('| ratio | kernel | entry | group | Ingot µs | unmetered µs | '
               'Cranelift µs | + fuel µs | Winch µs | V8 µs |\n'
               '|---|---|---|---|---|---|---|---|---|---|\n')
    for ratio, row in beside_cranelift(rows):
      times = [row.get(key, 0) for key in
               ('metered_us', 'unmetered_us', 'cranelift_us',
                'cranelift-fuel_us', 'winch_us', 'v8_us')]
      file.write(f'| {ratio:.2f} | {row["kernel"]} | {row["entry"]} | '
                 f'{row["group"]} | ' +
                 ' | '.join(f'{time:.1f}' for time in times) + ' |\n')


def callable_us(key):
  """From bytes to code that was verified and can be called."""
  return lambda row: row[key] + row['load_us']


def report_compile(rows, level_zero, name):
  """Compile times; level_zero holds the same modules at level 0."""
  goals = Goals(f'Compile time beside the peers, {len(rows)} {name}: bytes in '
                'memory to verified, callable code')
  native, sandboxed = callable_us('native_us'), callable_us('sandbox_us')
  goals.ratio('native Ingot ÷ Cranelift', rows, native,
              column('cranelift_us'), 0.15)
  goals.ratio('sandboxed Ingot ÷ Winch', rows, sandboxed, column('winch_us'),
              1.0)
  goals.ratio('sandboxed Ingot, level 0 ÷ singlepass metered', level_zero,
              sandboxed, column('singlepass-metered_us'), 1.0)
  goals.ratio('sandboxed ÷ native', rows, sandboxed, native, 1.3)
  goals.ratio('  to an artifact, not yet verified', rows,
              column('sandbox_us'), column('native_us'))
  goals.ratio('  level 0', level_zero, sandboxed, native, 1.3)
  for engine in ENGINES:
    goals.ratio(f'sandboxed Ingot ÷ {engine}', rows, sandboxed,
                column(engine + '_us'))
    goals.ratio(f'native Ingot ÷ {engine}', rows, native,
                column(engine + '_us'))
  print('MB of wasm code per second')
  goals.ratio('  native Ingot', rows, column('wasm_code_bytes'), native)
  goals.ratio('  sandboxed Ingot', rows, column('wasm_code_bytes'), sandboxed)
  for engine in ENGINES:
    goals.ratio(f'  {engine}', rows, column('wasm_code_bytes'),
                column(engine + '_us'))
  print('Machine code ÷ wasm code bytes')
  goals.median('  Ingot, median', rows, column('code_bytes'),
               column('wasm_code_bytes'), 2.5)
  for engine in ENGINES[:4]:
    goals.median(f'  {engine}, median', rows, column(engine + '_bytes'),
                 column('wasm_code_bytes'), None)
  for row in rows:
    for problem in row.get('refused', []):
      print(f'not compared: {os.path.basename(row["module"])}: {problem}')


def report_startup(found):
  """found: module's name to {(figure, engine): number}."""
  goals = Goals('Starting')
  for name, values in found.items():
    def get(figure, engine, values=values):
      return values.get((figure, engine), 0)
    print(name)
    for figure, title, goal in (
        ('instance', 'instantiate, empty call, end', 5),
        ('call', 'empty call of an instance', None),
        ('host', 'host function, round trip', None),
        ('load', 'load to the end of a first call', None)):
      for engine in ('ingot', 'cranelift', 'cranelift-on-demand', 'winch',
                     'singlepass', 'wasmi'):
        goals.number(f'  {title}: {engine}', get(figure, engine),
                     goal if engine == 'ingot' else None, 'µs')
      if get(figure, 'ingot') and get(figure, 'cranelift'):
        goals.number('    Ingot ÷ Cranelift',
                     get(figure, 'ingot') / get(figure, 'cranelift'),
                     None if figure == 'call' else 1.0)
    for engine in ('ingot', 'cranelift'):
      if get('threads-1', engine):
        goals.number(f'  calls a second, 2 threads ÷ 1: {engine}',
                     get('threads-2', engine) / get('threads-1', engine),
                     1.8 if engine == 'ingot' else None, at_least=True)


def report_threads(rows):
  goals = Goals(f'Two threads beside one, {len(rows)} contracts with most code')
  goals.ratio('native', rows, column('native_2'), column('native_1'), 0.6)
  goals.ratio('sandboxed', rows, column('sandbox_2'), column('sandbox_1'), 0.6)
