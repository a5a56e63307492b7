import { useQuery } from "@tanstack/react-query";
import { homeAddress } from "../address.ts";

export interface AgentInfo {
  readonly name: string;
  /** Empty where the server tells none. */
  readonly description: string;
}

interface AgentsBody {
  readonly agents: readonly string[];
  readonly described?: readonly AgentInfo[];
}

/** Those that a conversation can be given to. A server may tell their names alone. */
export function useAgents(): readonly AgentInfo[] {
  const { data = [] } = useQuery({
    queryKey: ["agents"],
    queryFn: async ({ signal }) => {
      const response = await fetch(`${homeAddress()}api/agents`, { signal });
      const { agents, described = [] } = (await response.json()) as AgentsBody;
      const about = new Map(described.map(({ name, description }) => [name, description]));
      return agents.map((name) => ({ name, description: about.get(name) ?? "" }));
    },
    staleTime: 60_000,
  });
  return data;
}
