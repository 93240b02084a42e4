// Sizes on a disk as people read them.
import type { Language } from "../i18n";

const STEP = 1_000;

/** "24 kB", "1.2 MB". */
export function sizeText(bytes: number, language: Language): string {
  const [unit, size] =
    bytes < STEP ? ["byte", bytes] : bytes < STEP ** 2 ? ["kilobyte", bytes / STEP] : ["megabyte", bytes / STEP ** 2];
  const maximumFractionDigits = unit === "megabyte" ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "unit", unit: String(unit), maximumFractionDigits }).format(
    Number(size),
  );
}
