// The versions of one trip as the drawer shows them: pages of the list, the days they fall on, the content of the chosen one.
import { api, type Projection, type Version } from "../../../api";
import { problemText } from "../../../app/problems";

export class VersionHistory {
  versions: readonly Version[] = $state.raw([]);
  loaded = $state(false);
  problem = $state("");
  next: string | null = $state(null);
  chosen: Version | null = $state.raw(null);
  /** What the chosen version holds, once it is here. */
  content: Projection | null = $state.raw(null);
  readonly #document: string;
  readonly #contents = new Map<string, Promise<Projection>>();

  constructor(document: string) {
    this.#document = document;
  }

  async load(cursor?: string): Promise<void> {
    this.problem = "";
    try {
      const page = await api.versions(this.#document, {
        limit: 50,
        ...(cursor === undefined ? {} : { cursor }),
      });
      this.versions = cursor === undefined ? page.items : [...this.versions, ...page.items];
      this.next = page.next;
      this.loaded = true;
    } catch (error) {
      this.problem = problemText(error);
    }
  }

  async choose(version: Version | null): Promise<void> {
    this.chosen = version;
    this.content = null;
    if (version === null) return;
    try {
      const content = await this.contentOf(version.id);
      if (this.chosen?.id === version.id) this.content = content;
    } catch (error) {
      this.problem = problemText(error);
      this.chosen = null;
    }
  }

  /** A version never changes, so it is fetched once. */
  contentOf(id: string): Promise<Projection> {
    const known = this.#contents.get(id);
    if (known !== undefined) return known;
    const content = api.version(id).then((version) => version.projection);
    this.#contents.set(id, content);
    content.catch(() => this.#contents.delete(id));
    return content;
  }

  /** The version before this one in time, if the list reaches that far. */
  before(version: Version): Version | undefined {
    return this.versions[this.versions.findIndex((one) => one.id === version.id) + 1];
  }
}
