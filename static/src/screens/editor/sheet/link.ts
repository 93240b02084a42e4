// A link as a person types it, made into one that the document keeps.

/** The address with its scheme; "example.com" becomes https. Null for nothing, and for anything but http and https. */
export function asLink(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const whole =
    /^[a-z][a-z0-9+.-]*:/i.test(trimmed) && !/^[\w.-]+:\d/.test(trimmed) ? trimmed : `https://${trimmed}`;
  if (!URL.canParse(whole)) return null;
  const url = new URL(whole);
  return (url.protocol === "http:" || url.protocol === "https:") && url.hostname.includes(".") ? whole : null;
}
