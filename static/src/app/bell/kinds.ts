// How each kind of notice looks: its icon, and the tone of the disc behind it.
import type { Component } from "svelte";
import ArchiveRestore from "@lucide/svelte/icons/archive-restore";
import Bell from "@lucide/svelte/icons/bell";
import History from "@lucide/svelte/icons/history";
import LogOut from "@lucide/svelte/icons/log-out";
import Sparkles from "@lucide/svelte/icons/sparkles";
import Trash2 from "@lucide/svelte/icons/trash-2";
import UserRoundCog from "@lucide/svelte/icons/user-round-cog";
import UserRoundPlus from "@lucide/svelte/icons/user-round-plus";
import UserRoundX from "@lucide/svelte/icons/user-round-x";
import type { NoticeKind } from "../../events/wire";

export interface Look {
  readonly icon: Component<{ size?: number; strokeWidth?: number }>;
  readonly tone: "good" | "accent" | "now" | "warn" | "danger" | "plain";
}

export const LOOKS: Readonly<Record<NoticeKind, Look>> = {
  joined: { icon: UserRoundPlus, tone: "good" },
  left: { icon: LogOut, tone: "plain" },
  role_changed: { icon: UserRoundCog, tone: "accent" },
  removed: { icon: UserRoundX, tone: "danger" },
  trashed: { icon: Trash2, tone: "warn" },
  untrashed: { icon: ArchiveRestore, tone: "good" },
  version_restored: { icon: History, tone: "now" },
  began_anew: { icon: Sparkles, tone: "now" },
  other: { icon: Bell, tone: "plain" },
};
