import { ArrowRightIcon } from "@primer/octicons-react";
import { conversationAddress } from "../address.ts";
import { Link } from "../shell/link.tsx";
import { buttonClass } from "../ui/button.tsx";
import { useWords } from "../words/words.ts";

/** The way to the conversation in which the other agent did it. */
export function ChildLink({ conversation }: { readonly conversation: string }) {
  const { chat: words } = useWords();
  return (
    <Link href={conversationAddress(conversation)} className={`${buttonClass("plain", "small")} self-start`}>
      {words.childConversation}
      <ArrowRightIcon size={14} />
    </Link>
  );
}
