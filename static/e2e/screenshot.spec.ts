// Takes the picture of the README, two people in the sample trip: `npm run screenshot` writes it anew.

import { fileURLToPath } from 'node:url'

import { EditorPage } from './editor'
import { expect, type Page, Person, test } from './fixtures'

const PICTURE = fileURLToPath(new URL('../../docs/images/editor.png', import.meta.url))

/** The page once it has come to rest: two pictures in a row are the same. */
async function still(page: Page): Promise<Buffer> {
  let last = await page.screenshot()
  await expect.poll(async () => {
    const before = last
    last = await page.screenshot()
    return last.equals(before)
  }, { timeout: 120_000 }).toBe(true)
  return last
}

test('the editor with two people in it', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara Kim')
  const byeol = await Person.signUp(server, 'Byeol Lee')
  const trip = await ara.createTrip({ title: 'Four days on Jeju', sample: 'jeju', start: '2026-12-24', language: 'en' })
  await ara.share(trip, byeol, 'editor')
  const a = await EditorPage.open(await browse(ara), trip)
  const b = await EditorPage.open(await browse(byeol), trip)
  await b.day(1).getByTestId('card').nth(1).dblclick()
  await expect(a.page.getByTestId('card-peer')).toBeVisible()
  await expect(a.page.locator('[data-pin]').first()).toBeVisible()
  await a.page.waitForLoadState('networkidle')
  await still(a.page)
  await a.page.screenshot({ path: PICTURE })
})
