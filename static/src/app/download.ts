// "Save my copy": the local document as a file in the person's downloads.
import { cutUnits } from "../characters";

/** A name that every file system takes: letters of any script, digits, spaces and hyphens. */
export function fileName(title: string, extension: string): string {
  const clean = title
    .normalize("NFC")
    .replace(/[^\p{L}\p{N} _-]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  return `${cutUnits(clean, 80) || "moim"}.${extension}`;
}

export function download(name: string, bytes: Uint8Array | string, type: string): void {
  const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
