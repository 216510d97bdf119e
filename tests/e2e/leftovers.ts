import type { Ports } from '../../config/ports.ts';
import { isFree } from '../runner/isolation.ts';

/** The ports of an installation on which somebody listens, by name. */
export async function listeners(ports: Ports): Promise<string[]> {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(ports)) if (!(await isFree(port))) taken.push(`${name} ${port}`);
  return taken;
}
