// What lies over a page (dialogs, sheets, menus on a phone) is an entry of the browser's history, which takes a moment to follow.

import { expect, type Page } from './fixtures'

/**
 * Waits until the history has no entry left of what was closed, but for so many layers that are still open. A reload,
 * an address or a step back within the moment before that would be given up for it.
 */
export async function expectLayers(page: Page, open = 0): Promise<void> {
  const depth = () => page.evaluate(() => (history.state as { layers?: number } | null)?.layers ?? 0)
  await expect.poll(depth, { message: 'layers in the history' }).toBe(open)
}
