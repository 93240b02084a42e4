// The times of cards: they follow their day, keep their nights, and have a date and a zone at either end.

import type { Locator, Page } from '@playwright/test'

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

/** A card of one kind in the first day, opened. */
async function openNew(editor: EditorPage, kind: 'place' | 'stay' | 'move' | 'note', title: string): Promise<Times> {
  await editor.day(1).getByTestId(`add-${kind}`).click()
  const line = editor.day(1).getByTestId('quick-add-input')
  await line.fill(title)
  await line.press('Enter')
  await editor.card(title).waitFor()
  await line.press('Escape')
  await editor.openCard(title)
  return new Times(editor.page)
}

class Times {
  readonly start: Locator
  readonly end: Locator
  readonly date: Locator
  readonly endDate: Locator
  readonly zone: Locator
  readonly endZone: Locator

  constructor(readonly page: Page) {
    this.start = page.getByTestId('time-start')
    this.end = page.getByTestId('time-end')
    this.date = page.getByTestId('time-date')
    this.endDate = page.getByTestId('time-end-date')
    this.zone = page.getByTestId('time-zone')
    this.endZone = page.getByTestId('time-end-zone')
  }

  async set(start: string, end?: string): Promise<void> {
    await this.start.fill(start)
    await expect(this.date).toBeVisible()
    if (end !== undefined) await this.end.fill(end)
  }

  async choosePlace(of: 'place' | 'to', query: string, name: string): Promise<void> {
    await this.page.getByTestId(`${of}-search`).click()
    await this.page.getByTestId(`field-${of}`).getByTestId('quick-add-input').fill(query)
    await this.page.getByTestId('suggestion').filter({ hasText: name }).first().click()
    await expect(this.page.getByTestId(`field-${of}`)).toContainText(name)
  }
}

test('a time follows its card to another day, and back by undo; a booking keeps its date', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 3, start: '2026-12-24' }))
  const times = await openNew(editor, 'note', 'lunch')
  await times.set('11:00')
  await expect(times.date).toHaveValue('2026-12-24')

  await editor.page.getByTestId('panel-close').click()
  await editor.drag(editor.card('lunch'), 2)
  await editor.expectDay(2, ['lunch'])
  await editor.openCard('lunch')
  await expect(times.date).toHaveValue('2026-12-25')
  await expect(times.start).toHaveValue('11:00')

  // Another date in the form is another day of the trip.
  await times.date.fill('2026-12-26')
  await editor.expectDay(3, ['lunch'])
  await expect(times.date).toHaveValue('2026-12-26')
  await editor.page.getByTestId('panel-close').click()
  await editor.page.keyboard.press('Control+z')
  await editor.expectDay(2, ['lunch'])

  await editor.openCard('lunch')
  await editor.page.getByTestId('time-lock').check()
  await editor.page.getByTestId('panel-close').click()
  await editor.drag(editor.card('lunch'), 1)
  await editor.expectDay(1, ['lunch'])
  await editor.openCard('lunch')
  await expect(times.date).toHaveValue('2026-12-25')
})

test('a stay of three nights keeps three nights', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 4, start: '2026-12-24' }))
  const times = await openNew(editor, 'stay', 'hotel')
  await times.set('15:00', '11:00')
  await times.endDate.fill('2026-12-27')
  await expect(editor.card('hotel')).toContainText('3 nights')
  await times.start.fill('16:00')
  await expect(editor.card('hotel')).toContainText('16:00–11:00⁺³')
  await expect(times.endDate).toHaveValue('2026-12-27')
  await expect(editor.card('hotel')).toContainText('3 nights')
})

test('a flight over the Pacific lands on the date it left, in the zone of where it lands', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 3, start: '2026-12-24' }))
  const times = await openNew(editor, 'move', 'flight')
  await times.choosePlace('place', 'ICN', 'Incheon International Airport')
  await times.choosePlace('to', 'LAX', 'Los Angeles International Airport')
  await times.set('21:00', '15:30')
  await expect(times.date).toHaveValue('2026-12-24')
  await expect(times.zone).toHaveValue('Asia/Seoul')
  await expect(times.endDate).toHaveValue('2026-12-24')
  await expect(times.endZone).toHaveValue('America/Los_Angeles')
  await expect(editor.card('flight')).toContainText('21:00–15:30')
  await expect(editor.card('flight')).toContainText('Seoul → Los Angeles')
  await editor.expectState('saved')
  await editor.page.reload()
  await editor.openCard('flight')
  await expect(times.endDate).toHaveValue('2026-12-24')
  await expect(times.endZone).toHaveValue('America/Los_Angeles')
})

for (const [language, zone] of [['en', 'Paris (GMT+2)'], ['ko', '프랑스 (GMT+2)']] as const) {
  test(`an offset is that of the date, not that of today, and its zone has a name (${language})`, async ({ browse, server }) => {
    const mina = await Person.signUp(server, 'Mina', language)
    const trip = await mina.createTrip({ days: 1, start: '2027-07-10', tz: 'Europe/Paris' })
    const editor = await EditorPage.open(await browse(mina, { locale: language }), trip)
    const times = await openNew(editor, 'note', 'Louvre')
    await times.set('10:00')
    await expect(times.zone.locator('option:checked')).toHaveText(zone)
  })
}

test('a start chosen for a trip without dates is kept while it is typed, and when another edits', async ({ browse, server }) => {
  const [mina, juno] = [await Person.signUp(server, 'Mina'), await Person.signUp(server, 'Juno')]
  const trip = await mina.createTrip({ days: 3, start: null })
  await mina.share(trip, juno, 'editor')
  const editor = await EditorPage.open(await browse(mina), trip)
  const other = await EditorPage.open(await browse(juno), trip)
  await editor.page.getByTestId('dates').click()
  await editor.page.getByTestId('dates-dated').click()
  await editor.page.getByTestId('dates-start').fill('2027-05-01')
  await expect(editor.page.getByTestId('dates-end')).toHaveValue('2027-05-03')
  await other.addNotes(1, 'from elsewhere')
  await expect(editor.card('from elsewhere')).toBeAttached()
  await expect(editor.page.getByTestId('dates-start')).toHaveValue('2027-05-01')
  await editor.page.getByTestId('dates-apply').click()
  await expect(editor.page.getByTestId('dates')).toContainText('2027')
  await expect(other.page.getByTestId('dates')).toContainText('2027')
})

test('amounts in the dollars of two countries are told apart', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 1 }))
  for (const [title, currency, text] of [['Boston', 'USD', '$100'], ['Toronto', 'CAD', 'CA$100']] as const) {
    await openNew(editor, 'note', title)
    await editor.page.getByTestId('cost').fill('100')
    await editor.page.getByTestId('cost').press('Tab')
    await editor.page.getByLabel('Currency').selectOption(currency)
    await expect(editor.card(title).locator('.meta')).toHaveText(text)
    await editor.page.getByTestId('panel-close').click()
  }
})
