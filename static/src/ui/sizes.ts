// Sizes on a disk as people read them.
import type { Language } from "../i18n";

const STEP = 1_000;

/** "24 kB", "1.2 MB"; whatever is smaller is "1 kB". */
export function sizeText(bytes: number, language: Language): string {
  const small = bytes < STEP ** 2;
  const size = small ? Math.max(1, bytes / STEP) : bytes / STEP ** 2;
  const unit = small ? "kilobyte" : "megabyte";
  const maximumFractionDigits = small ? 0 : 1;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits }).format(size);
}
