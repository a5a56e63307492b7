/** Why a command's connection was refused, as programs and people read it. */

/**
 * No rule names the host; its address is one of this machine or a private network; its name or port is none; the TLS within a tunnel
 * asks for another server than the tunnel's; too many connections are open.
 */
export const refusalReasons = ["not_listed", "private_address", "bad_name", "other_server", "too_many"] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export interface RefusedHost {
  readonly host: string;
  readonly port: number;
  readonly reason: RefusalReason;
}

export function refusalSentence({ host, port, reason }: RefusedHost): string {
  switch (reason) {
    case "not_listed":
      return `${host}:${port} is not among the hosts that may be reached`;
    case "private_address":
      return `${host}:${port} is an address of this machine or a private network`;
    case "bad_name":
      return `${host} is no host that can be reached`;
    case "other_server":
      return `a tunnel asked for the server ${host}, which is not the host that it was opened to`;
    case "too_many":
      return `${host}:${port}: too many connections are open`;
  }
}
