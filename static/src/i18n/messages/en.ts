// What the client says in English.
import type { Message, MessageKey } from "../index";

export const en: Readonly<Record<MessageKey, Message>> = {
  "app.name": "Moim",
};
