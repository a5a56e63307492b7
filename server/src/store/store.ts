import type { CheckpointIndex } from "./checkpoint-index.ts";
import type { CostStore } from "./cost-store.ts";
import type { EventStore } from "./event-store.ts";
import type { RuleStore } from "./rule-store.ts";

/** Everything that a server stores, on one medium. */
export interface Store extends EventStore {
  readonly rules: RuleStore;
  readonly costs: CostStore;
  readonly checkpointIndex: CheckpointIndex;
}
