import { dirname } from 'node:path';
import { missingSteps } from '../provision/provision.ts';
import { describeConflict, mendConflict, type Stack } from '../stack.ts';
import { checkDisk, checkMemory } from './machine.ts';
import { checkBash, checkGo, checkJava, checkMaven, checkPython } from './tools.ts';

export interface Finding {
  check: string;
  /** `missing` stops `up`; `warning` does not. */
  state: 'ok' | 'warning' | 'missing';
  message: string;
  /** What to type, or what to do. */
  mend?: string;
}

/** What this machine has and lacks for the stack. Tools that only install are not asked for once all is installed. */
export async function diagnose(stack: Stack): Promise<Finding[]> {
  const { paths } = stack.config;
  const steps = missingSteps(paths);
  const needs = (pattern: RegExp): boolean => steps.some((step) => pattern.test(step));
  const checks = [
    checkBash(),
    checkJava(),
    ...(needs(/^(uv|python-)/) ? [checkPython()] : []),
    ...(needs(/^jars-/) ? [checkMaven()] : []),
    ...(needs(/^(minio|process-compose)$/) ? [checkGo()] : []),
  ];
  return [
    { check: 'node', state: 'ok', message: `Node ${process.versions.node}` },
    ...(await Promise.all(checks)),
    // The folder may be a link, or a disk of its own.
    checkDisk(dirname(paths.tools), steps.length === 0),
    checkMemory(),
    ...(await checkPorts(stack)),
  ];
}

async function checkPorts(stack: Stack): Promise<Finding[]> {
  const conflicts = await stack.portConflicts();
  if (conflicts.length === 0) {
    const ports = stack.services.flatMap((service) => service.ports ?? []).length;
    const message = `all ${ports} ports are free or our own (base ${stack.config.portBase})`;
    return [{ check: 'ports', state: 'ok', message }];
  }
  return conflicts.map((conflict) => ({
    check: 'ports',
    state: 'missing' as const,
    message: describeConflict(conflict),
    mend: mendConflict(conflict),
  }));
}
