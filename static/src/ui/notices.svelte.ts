// The two ways to tell a person something in passing: toasts for the eye and the ear, announcements for the ear alone.

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 6_000;
const SHOWN_WITH_ACTION_MS = 10_000;
const MOST = 3;

class Notices {
  toasts: Toast[] = $state([]);
  /** Read out by screen readers when it changes; the non-breaking space makes a repeated text a change. */
  spoken = $state("");
  #next = 0;

  /** Shows a line of text for some seconds, with at most one thing to do about it. */
  toast(text: string, options: { tone?: Toast["tone"]; action?: Toast["action"] } = {}): void {
    const id = this.#next++;
    const toast: Toast = { id, text, tone: options.tone ?? "plain" };
    if (options.action !== undefined) toast.action = options.action;
    this.toasts = [...this.toasts, toast].slice(-MOST);
    setTimeout(() => this.drop(id), options.action === undefined ? SHOWN_MS : SHOWN_WITH_ACTION_MS);
  }

  drop(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  announce(text: string): void {
    this.spoken = this.spoken === text ? `${text}\u00a0` : text;
  }
}

export const notices = new Notices();
