export interface HouseRule {
  name: string;
  why: string;
  applies: (file: string) => boolean;
  /** What is wrong in this text, by line; empty when nothing is. */
  find: (text: string, file: string) => string[];
  /** A text, and the file it would stand in, that the rule must report. */
  bad: { file: string; text: string };
}

const MAX_LINES = 330;
const anyFile = (): boolean => true;
const inFolders =
  (...folders: string[]) =>
  (file: string): boolean =>
    folders.some((folder) => file.startsWith(`${folder}/`));
const isSource = (file: string): boolean => /\.(ts|mjs|py)$/.test(file);

const linesWith =
  (pattern: RegExp) =>
  (text: string): string[] =>
    text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${index + 1}: ${line.trim()}`] : []));

/** Written backwards: this file names none either. */
const REGISTRIES = [
  'gro.ipyp',
  'gro.detsohnohtyp',
  'gro.sjmpn.yrtsiger',
  'moc.sjmpn',
  'gro.nevam.oper',
  'gro.ehcapa.nevam.oper',
  'gro.nevam.1oper',
  'gro.gnalog.yxorp',
  'gro.gnalog.mus',
  'gro.naibed.bed',
].map((host) => [...host].toReversed().join(''));

export const HOUSE_RULES: readonly HouseRule[] = [
  {
    name: 'no registry is named',
    why: 'Packages come through the ordinary clients as each machine has configured them; a host in a file defeats that.',
    applies: anyFile,
    find: linesWith(new RegExp(`\\b(${REGISTRIES.join('|')})\\b`)),
    bad: { file: 'infra/pip.conf', text: `index-url = https://${REGISTRIES[0]}/simple` },
  },
  {
    name: 'servers listen on this machine only',
    why: 'Nothing here asks for a password on every port.',
    // A test may name what it forbids.
    applies: (file) =>
      !file.startsWith('tests/unit/') &&
      (isSource(file) || /\.(ya?ml|json|toml|properties|cfg|ini|sh)$/.test(file)),
    find: linesWith(/\b0\.0\.0\.0\b|\[::\]:/),
    bad: { file: 'infra/services/x.ts', text: "const args = ['--address', '0.0.0.0:9000'];" },
  },
  {
    name: 'no credentials',
    why: 'Secrets are generated per installation and stay outside the repository.',
    applies: anyFile,
    find: linesWith(
      /-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\b(password|secret_?key|fernet_key)["']?\s*[:=]\s*["'](?!test|fake|dummy|wrong)[A-Za-z0-9+/_=-]{16,}["']/i,
    ),
    bad: { file: 'config/x.ts', text: "const password = 'Zk3uH8sQpL2vB7nM';" },
  },
  {
    name: 'only the roots read the environment',
    why: 'A setting read in the middle cannot be tested, and nobody knows that it exists.',
    applies: inFolders('contracts', 'generator', 'clients', 'activities', 'workflows', 'workers'),
    find: linesWith(/\bprocess\.env\b/),
    bad: { file: 'clients/x.ts', text: 'const brokers = process.env.KAFKA_BROKERS;' },
  },
  {
    name: 'the generator has neither clock nor chance',
    why: 'The same seed must give the same bytes for ever.',
    applies: inFolders('generator'),
    find: linesWith(/\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(/),
    bad: { file: 'generator/x.ts', text: 'const now = Date.now();' },
  },
  {
    name: 'files are named for what they hold',
    why: 'Everything fits into utils, so nothing is found there.',
    applies: isSource,
    find: (_text, file) =>
      /(^|\/)(utils?|helpers?|common|manager|base|misc)(\.|\/)/.test(file) ? [`1: ${file}`] : [],
    bad: { file: 'clients/utils.ts', text: '' },
  },
  {
    name: 'a file holds one concern',
    why: `Beyond ${MAX_LINES} lines a file holds two.`,
    applies: isSource,
    find: (text) => {
      const lines = text.trimEnd().split('\n').length;
      return lines > MAX_LINES ? [`${lines}: lines`] : [];
    },
    bad: { file: 'clients/x.ts', text: 'x\n'.repeat(MAX_LINES + 1) },
  },
];
