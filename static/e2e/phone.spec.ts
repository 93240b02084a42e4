// The editor on a phone: the map with a sheet over it, by thumb alone.

import { devices } from '@playwright/test'

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'
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
