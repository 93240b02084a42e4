// The page's own font for the map's names: MapLibre fetches of its files only those whose letters it draws.
import type { FontFacesSpecification } from "maplibre-gl";

const FAMILY = "Pretendard Variable";

/** The files that the page's style sheets declare, with the letters that each covers. */
export function fontFaces(): FontFacesSpecification {
  const faces = [...document.styleSheets]
    .flatMap((sheet) => rulesOf(sheet))
    .flatMap((rule) => {
      if (!(rule instanceof CSSFontFaceRule)) return [];
      const family = rule.style.getPropertyValue("font-family").replace(/["']/g, "");
      const url = /url\("?([^")]+)"?\)/.exec(rule.style.getPropertyValue("src"))?.[1];
      if (family !== FAMILY || url === undefined) return [];
      const ranges = rule.style
        .getPropertyValue("unicode-range")
        .split(",")
        .map((range) => range.trim());
      const base = rule.parentStyleSheet?.href ?? document.baseURI;
      return [{ url: new URL(url, base).href, "unicode-range": ranges }];
    });
  return { [FAMILY]: faces };
}

function rulesOf(sheet: CSSStyleSheet): CSSRule[] {
  try {
    return [...sheet.cssRules];
  } catch {
    return []; // another origin's
  }
}
