// What the server does not take: all the rest is saved, and nothing that was typed goes without the person's word.

import AxeBuilder from '@axe-core/playwright'
import { readFile } from 'node:fs/promises'

import { EditorPage } from './editor'
import { expect, type Page, Person, test } from './fixtures'
import { expectLayers } from './layers'
import { Server } from '../../tests/interop/harness/server.js'

/** A note of the greatest length, 60 KB as UTF-8. */
const long = (n: number) => `${n}${'가'.repeat(19_990)}`

async function goOffline(editor: EditorPage): Promise<void> {
  await editor.page.context().setOffline(true)
  await editor.expectState('offline')
}

async function comeBack(editor: EditorPage): Promise<void> {
  await editor.page.context().setOffline(false)
  await editor.expectState('saved', 90_000)
}

async function writeNote(editor: EditorPage, title: string, text: string): Promise<void> {
  await editor.openCard(title)
  await editor.note.fill(text)
  await editor.page.getByTestId('panel-close').click()
}

const kept = (page: Page) => page.getByTestId('kept-bar')

async function openKept(page: Page) {
  await kept(page).getByTestId('kept-open').click()
  const dialog = page.getByTestId('kept-dialog')
  await expect(dialog.getByTestId('kept-copy')).toHaveCount(1)
  return dialog
}

test('five notes of 20 000 letters that were written offline are saved', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 1 })
  const editor = await EditorPage.open(await browse(ara), trip)
  const titles = [1, 2, 3, 4, 5].map((n) => `card ${n}`)
  await editor.addNotes(1, ...titles)
  await editor.expectState('saved')
  await goOffline(editor)
  for (const [n, title] of titles.entries()) await writeNote(editor, title, long(n))
  await comeBack(editor)
  await expect(editor.page.getByTestId('stopped')).toHaveCount(0)
  const { days } = (await ara.projection(trip)) as { days: { cards: { note: string }[] }[] }
  expect(days[0]?.cards.map(({ note }) => note)).toEqual(titles.map((_, n) => long(n)))
})

test.describe('a trip with room for five cards', () => {
  test.use({
    server: async ({}, use) => {
      const server = await Server.start({ MOIM_CARDS: '5' })
      await use(server)
      await server.stop()
    },
  })

  test('the cards beyond the limit stay, are listed, are a file, and go in when there is room', async ({ browse, server }) => {
    const ara = await Person.signUp(server, 'Ara')
    const byeol = await Person.signUp(server, 'Byeol')
    const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
    await ara.share(trip, byeol, 'editor')
    const a = await EditorPage.open(await browse(ara), trip)
    const b = await EditorPage.open(await browse(byeol), trip)
    const { page } = a
    await a.addNotes(1, 'before')
    await goOffline(a)
    await a.addNotes(1, 'one', 'two', 'three')
    await writeNote(a, 'before', 'written in the tunnel')
    await b.addNotes(2, 'of Byeol', 'of Byeol too')
    await comeBack(a)

    await test.step('what fits is saved, what does not is kept and listed', async () => {
      await expect(kept(page)).toHaveAttribute('data-count', '1')
      await a.expectDay(1, ['before', 'one', 'two'])
      await b.expectDay(1, ['before', 'one', 'two'])
      const dialog = await openKept(page)
      await expect(dialog.getByTestId('kept-item')).toHaveText([/three/])
      await expect(dialog.getByTestId('kept-item')).toHaveAttribute('data-limit', 'cards')
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
    })

    await test.step('it is a file', async () => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('kept-save').click()])
      expect(download.suggestedFilename()).toBe('Jeju.moim.json')
      expect(await readFile(await download.path(), 'utf8')).toContain('three')
      await page.keyboard.press('Escape')
      await expectLayers(page)
    })

    await test.step('it is there after a reload, and one is told beforehand that there is no room', async () => {
      await page.reload()
      await a.expectState('saved')
      await expect(kept(page)).toHaveAttribute('data-count', '1')
      await a.day(1).getByTestId('add-note').click()
      await a.day(1).getByTestId('quick-add-input').fill('too many')
      await a.day(1).getByTestId('quick-add-input').press('Enter')
      await expect(page.getByTestId('toasts')).toContainText('5 cards')
      await a.day(1).getByTestId('quick-add-input').press('Escape')
      await expect(a.card('too many')).toHaveCount(0)
    })

    await test.step('with room it goes in, and is kept no more', async () => {
      await b.card('of Byeol too').click()
      await b.page.keyboard.press('Delete')
      await expect(a.card('of Byeol too')).toBeHidden()
      const dialog = await openKept(page)
      await dialog.getByTestId('kept-merge').click()
      await expect(dialog.getByTestId('kept-copy')).toHaveCount(0)
      await page.keyboard.press('Escape')
      await a.expectDay(1, ['before', 'one', 'two', 'three'])
      await b.expectDay(1, ['before', 'one', 'two', 'three'])
      await expect(kept(page)).toHaveCount(0)
    })
  })

  test('it goes only when the person says so twice', async ({ browse, server }) => {
    const ara = await Person.signUp(server, 'Ara')
    const trip = await ara.createTrip({ title: 'Jeju', days: 1 })
    const [a, other] = [await EditorPage.open(await browse(ara), trip), await EditorPage.open(await browse(ara), trip)]
    await goOffline(a)
    await a.addNotes(1, 'mine 1', 'mine 2')
    await other.addNotes(1, 'n1', 'n2', 'n3', 'n4')
    await comeBack(a)
    const dialog = await openKept(a.page)
    await dialog.getByTestId('kept-delete').click()
    await a.page.reload()
    const again = await openKept(a.page)
    await again.getByTestId('kept-delete').click()
    await again.getByTestId('kept-delete-confirm').click()
    await expect(again.getByTestId('kept-copy')).toHaveCount(0)
  })
})

test('lowered while offline: nothing is applied, all of it is kept, and goes in when one may write again', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju', days: 1 })
  await ara.share(trip, byeol, 'editor')
  const b = await EditorPage.open(await browse(byeol), trip)
  await goOffline(b)
  await b.addNotes(1, 'in the tunnel')
  await ara.setRole(trip, byeol, 'viewer')
  await b.page.context().setOffline(false)
  await b.expectState('readonly')
  await expect(b.card('in the tunnel')).toHaveCount(0)
  await expect(kept(b.page)).toBeVisible()
  await ara.setRole(trip, byeol, 'editor')
  await b.expectState('saved')
  const dialog = await openKept(b.page)
  await expect(dialog.getByTestId('kept-copy')).toHaveAttribute('data-reason', 'lowered')
  await dialog.getByTestId('kept-merge').click()
  await expect(dialog.getByTestId('kept-copy')).toHaveCount(0)
  await b.page.keyboard.press('Escape')
  await b.expectDay(1, ['in the tunnel'])
})
