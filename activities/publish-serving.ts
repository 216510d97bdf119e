import type { ServingStore } from '../clients/serving-store.ts';
import type { Warehouse } from '../clients/warehouse.ts';
import type { PublishServingResult } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import type { Attempted } from './generate.ts';
import { withPulse } from './pulse.ts';

export interface PublishServingDeps {
  warehouse: Warehouse;
  serving: ServingStore;
}

/** Copying the largest mart is one silent statement. */
const SILENCE_MS = 600_000;

export async function publishServing(
  deps: PublishServingDeps,
  input: { window: WindowId },
): Promise<Attempted<PublishServingResult>> {
  return withPulse(SILENCE_MS, async (pulse) => {
    const { warehouse, serving } = deps;
    const published = await serving.publish(input.window, warehouse.kind, (target) =>
      warehouse.copyMarts(target, pulse),
    );
    return { ...published, attempt: pulse.attempt };
  });
}
