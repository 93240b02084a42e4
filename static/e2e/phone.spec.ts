// The editor on a phone: the map with a sheet over it, by thumb alone.

import { devices } from '@playwright/test'

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

const { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch } = devices['Pixel 7']
const PHONE = { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch }

test('a phone shows the map and the days, adds a place and moves it to another day', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const trip = await mina.createTrip({ title: 'Jeju', days: 2 })
  const editor = await EditorPage.open(await browse(mina, PHONE), trip)
  const { page } = editor
  await expect(page.getByTestId('bottom-sheet')).toBeVisible()
  await expect(page.getByTestId('map')).toBeVisible()

  const days = page.getByTestId('day-tabs').getByRole('button')
  await days.nth(1).tap()
  await page.getByTestId('add-note').tap()
  await page.getByTestId('quick-add-input').fill('Market')
  await page.getByTestId('quick-add-input').press('Enter')
  await page.getByTestId('card').tap()
  await page.getByTestId('card-menu').tap()
  await page.getByTestId('card-move').tap()
  await page.getByTestId('move-to-day').last().tap()
  await expect(page.getByTestId('card')).toHaveCount(0)
  await days.nth(2).tap()
  await expect(editor.card('Market')).toBeVisible()
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
