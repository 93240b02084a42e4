// The browser's address as state: links inside the client change it without a load.
import { layers } from "../ui/layers";
import { parse, type Route } from "./routes";

class Router {
  route: Route = $state(parse(location.pathname, location.search));

  /** Listens to links and to the back button; returns how to stop. */
  start(): () => void {
    const moved = () => this.#read();
    const clicked = (event: MouseEvent) => this.#follow(event);
    addEventListener("popstate", moved);
    document.addEventListener("click", clicked);
    return () => {
      removeEventListener("popstate", moved);
      document.removeEventListener("click", clicked);
    };
  }

  go(path: string, options: { replace?: boolean } = {}): void {
    if (options.replace === true || layers.covered) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
    this.#read();
    scrollTo(0, 0);
  }

  #read(): void {
    this.route = parse(location.pathname, location.search);
  }

  #follow(event: MouseEvent): void {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element).closest("a");
    if (
      link === null ||
      link.origin !== location.origin ||
      link.target !== "" ||
      link.hasAttribute("download")
    )
      return;
    if (link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    if (link.hash !== "" && link.pathname === location.pathname) return;
    this.go(link.pathname + link.search);
  }
}

export const router = new Router();
