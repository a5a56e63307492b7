/** What the model is saying now. It is whole in the event that follows, so nothing here is read out loud twice. */
export function Streaming({
  reply = "",
  reasoning = "",
}: {
  readonly reply: string | undefined;
  readonly reasoning: string | undefined;
}) {
  if (reply.trim() === "" && reasoning.trim() === "") return null;
  return (
    <div aria-live="off" className="flex flex-col gap-2">
      {reasoning.trim() !== "" && (
        <p className="plain-text border-l-2 border-line pl-3 text-sm text-muted italic">{reasoning.slice(-2_000)}</p>
      )}
      {reply.trim() !== "" && (
        <p className="plain-text">
          {reply}
          <span aria-hidden="true" className="ml-0.5 inline-block h-4 w-1.5 translate-y-0.5 animate-pulse bg-accent" />
        </p>
      )}
    </div>
  );
}
