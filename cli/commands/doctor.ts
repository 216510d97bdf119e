import type { Command } from 'commander';
import { diagnose } from '../../infra/doctor/doctor.ts';
import { Stack } from '../../infra/stack.ts';

const SIGNS = { ok: '✓', warning: '!', missing: '✗' } as const;

export function register(command: Command): void {
  command
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nThe exit code is 0 when nothing is missing, else 1.')
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await diagnose(Stack.look());
      const ok = findings.every((finding) => finding.state !== 'missing');
      if (!ok) process.exitCode = 1;
      if (json) {
        process.stdout.write(`${JSON.stringify({ ok, findings }, null, 2)}\n`);
        return;
      }
      for (const { state, message, mend } of findings)
        process.stdout.write(`${SIGNS[state]} ${message}\n${mend ? `    mend: ${mend}\n` : ''}`);
    });
}
