// The editor on a phone: the map with a sheet over it, by thumb alone.

import { devices } from '@playwright/test'

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'
import { expectForFingers } from './fingers'
import { expectLayers } from './layers'

const { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch } = devices['Pixel 7']
const PHONE = { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch }

test('a phone shows the map and the days, adds a place and moves it to another day', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const trip = await mina.createTrip({ title: 'Jeju', days: 2 })
  const editor = await EditorPage.open(await browse(mina, PHONE), trip)
  const { page } = editor
  await expect(page.getByTestId('bottom-sheet')).toBeVisible()
  await expect(page.getByTestId('map')).toBeVisible()

  await page.getByTestId('tab-map').tap()
  await expect(page.getByTestId('bottom-sheet')).toHaveAttribute('data-stop', 'peek')
  // Nothing lies over it: who made the map has to be named where it is looked at.
  await page.getByRole('link', { name: '© OpenStreetMap' }).click({ trial: true })

  const days = page.getByTestId('day-tabs').getByRole('button')
  await days.nth(1).tap()
  await page.getByTestId('add-note').tap()
  await page.getByTestId('quick-add-input').fill('Market')
  await page.getByTestId('quick-add-input').press('Enter')
  await page.getByTestId('card-menu').tap()
  await page.getByTestId('card-move').tap()
  await page.getByTestId('move-to-day').last().tap()
  await expect(page.getByTestId('card')).toHaveCount(0)
  await days.nth(2).tap()
  await expect(editor.card('Market')).toBeVisible()
})

test('one tap opens a card, and Back closes what is open, one after the other, before it leaves', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const trip = await mina.createTrip({ title: 'Jeju', days: 2 })
  const page = await browse(mina, PHONE)
  await page.goto('/')
  await page.getByTestId('trip-tile').getByRole('link').tap()
  await page.getByTestId('add-note').tap()
  await page.getByTestId('quick-add-input').fill('Market')
  await page.getByTestId('quick-add-input').press('Enter')
  await page.getByTestId('quick-add-input').press('Escape')

  const sheet = page.getByTestId('card-sheet')
  await page.getByTestId('card').tap()
  await expect(sheet).toBeVisible()
  await page.getByTestId('sheet-move').tap()
  await expect(page.getByTestId('move-to-tray')).toBeVisible()
  await page.goBack()
  await expect(page.getByTestId('move-to-tray')).toBeHidden()
  await expect(sheet).toBeVisible()
  await expectLayers(page, 1)
  await page.goBack()
  await expect(sheet).toBeHidden()
  await expectLayers(page)
  await page.goForward()
  await expect(page.getByTestId('bottom-sheet'), 'forward leads nowhere').toBeVisible()

  await page.getByTestId('tab-more').tap()
  await page.getByTestId('open-trash').tap()
  await expect(page.getByTestId('trash-panel')).toBeVisible()
  await page.getByTestId('panel-close').tap()
  await expect(page.getByTestId('trash-panel')).toBeHidden()
  await expectLayers(page)
  await page.goBack()
  await expect(page.getByTestId('dashboard')).toBeVisible()
})

test('suggestions are on the screen, also under three cards', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina', 'ko')
  const editor = await EditorPage.open(await browse(mina, PHONE), await mina.createTrip({ days: 2 }))
  const { page } = editor
  await page.getByTestId('day-tabs').getByRole('button').nth(1).tap()
  await page.getByTestId('add-note').tap()
  const line = page.getByTestId('quick-add-input')
  for (const title of ['one', 'two', 'three']) {
    await line.fill(title)
    await line.press('Enter')
    await expect(editor.card(title)).toBeAttached()
  }
  await line.press('Escape')
  await page.getByTestId('add-place').tap()
  await line.fill('서울')
  const last = page.getByTestId('suggestion').last()
  await expect(last).toBeInViewport({ ratio: 1 })
  await expect(line).toBeInViewport({ ratio: 1 })
})

test('nothing on a phone is wider than the phone', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const trip = await mina.createTrip({ title: 'Jeju', sample: 'jeju' })
  const page = await browse(mina, PHONE)
  for (const path of ['/', `/trips/${trip.replace('trip:', '')}`]) {
    await page.goto(path)
    await page.getByTestId('dashboard').or(page.getByTestId('bottom-sheet')).waitFor()
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(overhang, path).toBeLessThanOrEqual(0)
  }
})

test('a day that is chosen by its tab is that day on the map, and chosen again it is all of them', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const trip = await mina.createTrip({ sample: 'jeju', language: 'en' })
  const editor = await EditorPage.open(await browse(mina, PHONE), trip)
  const { page } = editor
  const { days } = (await mina.projection(trip)) as { days: { cards: { id: string }[] }[] }
  const dayOf = (pin: string | null) => days.findIndex(({ cards }) => cards.some(({ id }) => id === pin))
  const shown = async () => {
    const pins = await page.getByTestId('map').locator('[data-pin]').evaluateAll((all) => all.map((pin) => pin.getAttribute('data-pin')))
    return [...new Set(pins.map(dayOf))].sort()
  }
  const tabs = page.getByTestId('day-tabs').getByRole('button')
  for (const day of [1, 2]) {
    await tabs.nth(day + 1).tap()
    await expect.poll(shown, 'pins of that day alone').toEqual([day])
    await expect(page.locator(`[data-card="${days[day]?.cards[0]?.id}"]`).first()).toBeVisible()
  }
  await tabs.nth(3).tap()
  await expect.poll(async () => (await shown()).length, 'pins of several days').toBeGreaterThan(1)
})

/** What goes away after some seconds stays for as long as a slow machine takes to look at it. */
function toastsStay(): void {
  const later = window.setTimeout
  const patient = (run: TimerHandler, ms?: number, ...rest: unknown[]) => later(run, ms === 10_000 ? 170_000 : ms, ...rest)
  window.setTimeout = patient as typeof window.setTimeout
}

for (const viewport of [PHONE.viewport, { width: 320, height: 568 }]) {
  test(`a toast never covers what closes something, at ${viewport.width} px`, async ({ browse, server }) => {
    const mina = await Person.signUp(server, 'Mina')
    const trip = await mina.createTrip({ days: 2 })
    const page = await browse(mina, { ...PHONE, viewport })
    await page.addInitScript(toastsStay)
    await EditorPage.open(page, trip)
    const title = 'A rather long title of a card, which takes several lines of any toast that names it'
    await page.getByTestId('add-note').tap()
    await page.getByTestId('quick-add-input').fill(title)
    await page.getByTestId('quick-add-input').press('Enter')
    await page.getByTestId('quick-add-input').press('Escape')
    await page.getByTestId('card').tap()
    await page.getByTestId('sheet-trash').tap()
    const toast = page.getByTestId('toast')
    await expect(toast).toContainText('was moved to the trash')

    const expectFree = async (what: string, close: ReturnType<typeof page.getByTestId>) => {
      await expect(toast).toBeVisible()
      await expect.poll(async () => {
        const [over, under] = [await toast.boundingBox(), await close.boundingBox()]
        return over !== null && under !== null && over.y + over.height <= under.y
      }, `the toast ends above what closes ${what}`).toBe(true)
    }
    await page.getByTestId('tab-more').tap()
    await page.getByTestId('open-trash').tap()
    await expectFree('the trash', page.getByTestId('panel-close'))
    await page.getByTestId('panel-close').tap()
    await page.getByTestId('tab-more').tap()
    await page.getByTestId('share').tap()
    const dialog = page.getByTestId('share-dialog')
    await dialog.getByTestId('members').getByTestId('member').waitFor()
    await expectFree('the people of the trip', dialog.getByRole('button', { name: 'Close' }))
  })
}

test('what is tapped is large enough for a finger, on every screen', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const other = await Person.signUp(server, 'Other')
  const trip = await mina.createTrip({ title: 'Jeju', sample: 'jeju', language: 'en' })
  await mina.share(trip, other, 'viewer')
  const nobody = await browse(null, PHONE)
  for (const [path, there] of [['/login', 'login-form'], ['/signup', 'signup-form'], ['/invite/none', 'language-switch']] as const) {
    await nobody.goto(path)
    await nobody.getByTestId(there).waitFor()
    await expectForFingers(nobody, path)
  }
  const page = await browse(mina, PHONE)
  await page.goto('/')
  await page.getByTestId('trip-tile').waitFor()
  await expectForFingers(page, 'the trips')

  const editor = await EditorPage.open(page, trip)
  await page.getByTestId('day-tabs').getByRole('button').nth(1).tap()
  await editor.day(1).waitFor()
  await expectForFingers(page, 'the editor')
  await page.getByTestId('card').first().tap()
  await editor.title.waitFor()
  await expectForFingers(page, 'a card')
  await page.locator('summary').tap()
  await page.locator('summary').scrollIntoViewIfNeeded()
  await expectForFingers(page, 'its look')
  await page.getByTestId('sheet-trash').tap()
  await expectForFingers(page, 'a toast')
  await page.getByTestId('tab-more').tap()
  await page.getByTestId('share').tap()
  await page.getByTestId('invite-create').tap()
  await page.getByTestId('invite-link').waitFor()
  await expectForFingers(page, 'the people of the trip')
  await page.goto('/device')
  await page.getByTestId('device-copy').first().waitFor()
  await expectForFingers(page, 'what is kept on this device')
})
