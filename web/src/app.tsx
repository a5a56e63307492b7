import { useEffect, useState } from "react";
import { useConversationInAddress } from "./address.ts";
import { Banners } from "./banners/banners.tsx";
import { Conversation } from "./chat/conversation.tsx";
import { Sidebar } from "./conversations/sidebar.tsx";
import { useConversations } from "./conversations/use-conversations.ts";
import { useHealth } from "./server.ts";
import { Welcome } from "./welcome/welcome.tsx";

export function App() {
  const conversation = useConversationInAddress();
  const health = useHealth();
  const list = useConversations();
  const title = list.titleOf(conversation);
  const [menuOpen, setMenuOpen] = useState(false);

  useEffect(() => {
    document.title = title === "" ? "Deckhand" : `${title} · Deckhand`;
  }, [title]);

  return (
    <div className="flex h-dvh">
      <Sidebar list={list} current={conversation} open={menuOpen} onClose={() => setMenuOpen(false)} />
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="flex items-center gap-3 border-b border-line bg-panel px-3 py-2 md:hidden">
          <button type="button" className="button" aria-expanded={menuOpen} onClick={() => setMenuOpen(true)}>
            Tasks
          </button>
          <span className="truncate text-sm font-medium">{title || "Deckhand"}</span>
        </header>
        <Banners health={health} />
        {conversation === undefined ? (
          <Welcome onCreated={list.reload} />
        ) : (
          <Conversation key={conversation} id={conversation} title={title} onChange={list.reload} />
        )}
      </div>
    </div>
  );
}
