import { bubblewrapRuntimes } from "./bubblewrap.ts";
import { hostRuntimes } from "./host.ts";
import { runtimeTimingContract } from "./runtime.timing.contract.ts";

runtimeTimingContract("the bubblewrap runtime", bubblewrapRuntimes);
runtimeTimingContract("the host runtime", hostRuntimes);
