// Who is listed in a trip: everybody whose window is open, also where nobody looks at it.

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

/** Longer than what clients take for gone: 30 s without a word, looked at every 3 s. */
const THROUGHOUT_MS = 38_000

test('a window in the background, whose timers stand still, stays listed until it is closed', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  await ara.share(trip, byeol, 'editor')
  const hidden = await browse(byeol)
  await hidden.clock.install()
  const b = await EditorPage.open(hidden, trip)
  const a = await EditorPage.open(await browse(ara), trip)
  await expect(a.others).toHaveCount(1)
  await hidden.clock.pauseAt(Date.now() + 60_000)

  // Each time that the list changes is noted.
  await a.page.evaluate(() => {
    const counts: number[] = []
    Object.assign(window, { counts })
    const people = document.querySelector('[data-testid=people]')
    if (people === null) throw new Error('nobody is listed')
    new MutationObserver(() => counts.push(people.querySelectorAll('[data-testid=avatar]').length))
      .observe(people, { subtree: true, childList: true })
  })
  const until = Date.now() + THROUGHOUT_MS
  await expect.poll(() => Date.now() > until, { timeout: THROUGHOUT_MS + 30_000, intervals: [1_000] }).toBe(true)
  expect(await a.page.evaluate(() => (window as unknown as { counts: number[] }).counts.filter((count) => count === 0))).toEqual([])
  await expect(a.others).toHaveCount(1)
  await b.page.close()
  await expect(a.others).toHaveCount(0)
})

test('a click on a face follows that person\'s map and card until one moves the map oneself', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ sample: 'jeju', language: 'en' })
  await ara.share(trip, byeol, 'editor')
  const a = await EditorPage.open(await browse(ara), trip)
  const b = await EditorPage.open(await browse(byeol), trip)
  const following = a.page.getByTestId('following')

  await b.day(1).getByTestId('card').first().dblclick()
  await expect(a.page.getByTestId('card-peer')).toBeVisible()
  await a.others.first().click()
  await expect(following).toContainText('Byeol')
  await expect(a.day(1).getByTestId('card').first()).toHaveAttribute('aria-pressed', 'true')

  const pin = a.page.locator('[data-pin]').first()
  const place = async () => JSON.stringify(await pin.boundingBox())
  const before = await place()
  await b.page.getByTestId('panel-close').click()
  await b.page.getByTestId('map').getByRole('button', { name: 'Zoom in' }).click()
  await expect.poll(place, 'the map moves along').not.toBe(before)
  await expect(following).toBeVisible()

  await a.page.getByTestId('map').getByRole('button', { name: 'Zoom out' }).click()
  await expect(following).toBeHidden()
})

test('the name of who is in a card can be read, also above the first of a day', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ sample: 'jeju', language: 'en' })
  await ara.share(trip, byeol, 'editor')
  const a = await EditorPage.open(await browse(ara), trip)
  const b = await EditorPage.open(await browse(byeol), trip)
  await b.day(1).getByTestId('card').first().dblclick()
  const name = a.page.getByTestId('card-peer')
  await expect(name).toHaveText('Byeol')
  // Nothing around it cuts it off.
  const hidden = await name.evaluate((flag) => {
    const box = flag.getBoundingClientRect()
    let cut = 0
    for (let at = flag.parentElement; at !== null; at = at.parentElement) {
      const around = getComputedStyle(at).overflowY === 'visible' ? null : at.getBoundingClientRect()
      if (around !== null) cut = Math.max(cut, around.top - box.top, box.bottom - around.bottom)
    }
    return cut
  })
  expect(hidden).toBeLessThanOrEqual(0)
})
