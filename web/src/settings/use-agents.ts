import { useQuery } from "@tanstack/react-query";
import { homeUrl } from "../urls.ts";

export interface AgentInfo {
  readonly name: string;
  /** Empty if the server sends none. */
  readonly description: string;
}

interface AgentsBody {
  readonly agents: readonly string[];
  readonly described?: readonly AgentInfo[];
  /** Invalid definitions, each with the reason. */
  readonly broken?: readonly string[];
}

interface Agents {
  readonly agents: readonly AgentInfo[];
  readonly broken: readonly string[];
}

const none: Agents = { agents: [], broken: [] };

/** The agents that a conversation can use. A server may send their names only. */
export function useAgents(): Agents {
  const { data = none } = useQuery({
    queryKey: ["agents"],
    queryFn: async ({ signal }) => {
      const response = await fetch(`${homeUrl()}api/agents`, { signal });
      const { agents, described = [], broken = [] } = (await response.json()) as AgentsBody;
      const about = new Map(described.map(({ name, description }) => [name, description]));
      return { agents: agents.map((name) => ({ name, description: about.get(name) ?? "" })), broken };
    },
    staleTime: 60_000,
  });
  return data;
}
