// Keys: shortcuts on other layouts, undo in texts, and where the focus is after something was closed.

import { EditorPage } from './editor'
import { expect, type Page, Person, test } from './fixtures'

/** A key press as another keyboard layout makes it. */
async function press(page: Page, key: KeyboardEventInit): Promise<void> {
  await page.evaluate((init) => {
    const event = new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init })
    ;(document.activeElement ?? document.body).dispatchEvent(event)
  }, key)
}

test('shortcuts go by what a key types, and characters of AltGr stay characters', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 2 }))
  const { page } = editor
  await editor.addNotes(1, 'one', 'two')
  await editor.card('two').focus()
  await press(page, { key: 'z', code: 'KeyY', ctrlKey: true })
  await editor.expectDay(1, ['one'])
  await press(page, { key: 'y', code: 'KeyZ', ctrlKey: true })
  await editor.expectDay(1, ['one', 'two'])
  await press(page, { key: 'я', code: 'KeyZ', ctrlKey: true })
  await editor.expectDay(1, ['one'])

  await editor.openCard('one')
  await editor.note.focus()
  await press(page, { key: 'ś', code: 'KeyS', ctrlKey: true, altKey: true })
  await expect(page.getByTestId('save-box')).toBeHidden()

  await test.step('undo and redo in a note, by each of their keys', async () => {
    await editor.note.fill('hello')
    await page.keyboard.press('Control+z')
    await expect(editor.note).toHaveValue('')
    await page.keyboard.press('Control+Shift+z')
    await expect(editor.note).toHaveValue('hello')
    await page.keyboard.press('Control+z')
    await expect(editor.note).toHaveValue('')
    await page.keyboard.press('Control+y')
    await expect(editor.note).toHaveValue('hello')
  })
})

test('what was closed gives the focus back', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 2 }))
  const { page } = editor
  await editor.addNotes(1, 'one', 'two')
  const card = editor.card('one')
  await card.focus()
  for (const [key, shown] of [
    ['m', page.getByTestId('move-to-tray')],
    ['Control+s', page.getByTestId('save-box')],
    ['/', page.getByTestId('search-input')],
    ['?', page.getByTestId('help')],
    ['n', page.getByTestId('quick-add-input')],
    ['Enter', page.getByTestId('card-sheet')],
  ] as const) {
    await test.step(`${key} and Escape`, async () => {
      await page.keyboard.press(key)
      await expect(shown).toBeVisible()
      await page.keyboard.press('Escape')
      await expect(shown).toBeHidden()
      await expect(card).toBeFocused()
    })
  }

  await test.step('out of a text into its sheet, out of the sheet to the card', async () => {
    await page.keyboard.press('Enter')
    await editor.note.focus()
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('card-sheet')).toBeFocused()
    await page.keyboard.press('Escape')
    await expect(card).toBeFocused()
  })

  await test.step('a card that was moved keeps the focus where it is now', async () => {
    await page.keyboard.press('m')
    await page.getByTestId('move-to-day').last().click()
    await editor.expectDay(2, ['one'])
    await expect(editor.card('one')).toBeFocused()
  })

  await test.step('a menu by its button, and what the menu leads to', async () => {
    const more = page.getByTestId('more')
    await more.click()
    await page.getByTestId('open-help').click()
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('help')).toBeHidden()
    await expect(more).toBeFocused()
  })
})

test('a restore is one step of who restored, and is undone as one', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ days: 2 })
  await ara.share(trip, byeol, 'editor')
  const a = await EditorPage.open(await browse(ara), trip)
  await a.addNotes(1, 'one')
  await a.openCard('one')
  await a.note.fill('The market opens at nine')
  await a.expectState('saved')
  await a.saveVersion('v1')
  await a.note.fill('We meet at the harbour')
  await a.expectState('saved')
  const b = await EditorPage.open(await browse(byeol), trip)
  await b.openCard('one')
  await b.note.press('Control+End')
  await b.note.pressSequentially(' at noon')
  await expect(a.note).toHaveValue('We meet at the harbour at noon')

  await a.restoreVersion('v1')
  await expect(b.note).toHaveValue('The market opens at nine')
  await a.openCard('one')
  await a.page.keyboard.press('Control+z')
  await expect(a.note).toHaveValue('We meet at the harbour at noon')
  await expect(b.note).toHaveValue('We meet at the harbour at noon')
  await a.page.keyboard.press('Control+y')
  await expect(b.note).toHaveValue('The market opens at nine')

  await b.note.focus()
  await b.page.keyboard.press('Control+z')
  await expect(b.page.getByTestId('toast'), 'who did not restore is told that it can\'t be undone').toBeVisible()
  await expect(b.note).toHaveValue('The market opens at nine')
})
