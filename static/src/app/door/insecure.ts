// Whether this page is one whose log-in does not last: cookies that are for https alone, on a page that came over http.

interface Page {
  readonly protocol: string;
  readonly pathname: string;
  readonly search: string;
}

/** Where the same page is over https; null where the log-in lasts. Browsers take pages of their own machine for secure. */
export function securePage(address: string | null, page: Page, isSecure: boolean): string | null {
  if (address === null || !address.startsWith("https://")) return null;
  if (page.protocol !== "http:" || isSecure) return null;
  return address + page.pathname + page.search;
}
