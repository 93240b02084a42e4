// The board: places by a few letters, drags by mouse and keyboard, undo and trash.

import { Peer } from '../../tests/interop/harness/peer.js'
import { addCard } from '../../tests/interop/harness/trip.js'
import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

test('a place is found by its initial consonants, and Enter adds it', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina', 'ko')
  const editor = await EditorPage.open(await browse(mina, { locale: 'ko-KR' }), await mina.createTrip({ days: 2 }))
  await editor.day(1).getByTestId('add-place').click()
  const line = editor.day(1).getByTestId('quick-add-input')
  await line.fill('ㅅㅅㅇㅊㅂ')
  await expect(editor.page.getByTestId('suggestion').first()).toContainText('성산일출봉')
  await line.press('Enter')
  await expect(editor.day(1).getByTestId('card')).toContainText('성산일출봉')
  await expect(line, 'the focus stays for the next place').toBeFocused()
})

test('a card that is held at the lower edge of a long day scrolls the day', async ({ browse, server }) => {
  const owner = await Person.signUp(server, 'Owner')
  const trip = await owner.createTrip()
  const peer = await Peer.join(owner, trip)
  for (let n = 1; n <= 40; n++) addCard(peer.doc, 'd1', `card ${n}`)
  const page = await browse(owner)
  const editor = await EditorPage.open(page, trip)
  const last = editor.card('card 40')
  await expect(last).not.toBeInViewport()
  const from = await editor.card('card 1').boundingBox()
  const day = await editor.day(1).boundingBox()
  if (from === null || day === null) throw new Error('not on the screen')
  await page.mouse.move(from.x + 60, from.y + 20)
  await page.mouse.down()
  await page.mouse.move(from.x + 70, from.y + 30)
  await page.mouse.move(day.x + day.width / 2, day.y + day.height - 10, { steps: 4 })
  await expect(last).toBeInViewport()
  await page.mouse.up()
  await expect(editor.card('card 1')).toBeInViewport()
  peer.leave()
})

test('a card is dragged with the mouse, and stays where it was dropped', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const trip = await mina.createTrip({ days: 2 })
  const editor = await EditorPage.open(await browse(mina), trip)
  await editor.addNotes(1, 'one', 'two')
  await editor.drag(editor.card('one'), 2)
  await editor.expectDay(1, ['two'])
  await editor.expectDay(2, ['one'])
  await editor.expectState('saved')
  await editor.page.reload()
  await editor.expectDay(2, ['one'])
})

test('a card is carried by the keyboard, each step is said, and undo takes the drop back', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 2 }))
  await editor.addNotes(1, 'one', 'two')
  const { keyboard } = editor.page
  const announcer = editor.page.getByTestId('announcer')

  await editor.card('one').focus()
  await keyboard.press('Space')
  await expect(announcer).not.toBeEmpty()
  const picked = await announcer.textContent()
  await keyboard.press('ArrowRight')
  await expect(announcer).not.toHaveText(picked ?? '')
  await keyboard.press('Space')
  await editor.expectDay(1, ['two'])
  await editor.expectDay(2, ['one'])

  await keyboard.press('Control+z')
  await editor.expectDay(1, ['one', 'two'])
  await keyboard.press('Control+Shift+z')
  await editor.expectDay(2, ['one'])
})

test('Escape lets a carried card go back', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 2 }))
  await editor.addNotes(1, 'one')
  await editor.card('one').focus()
  await editor.page.keyboard.press('Space')
  await editor.page.keyboard.press('ArrowRight')
  await editor.page.keyboard.press('Escape')
  await editor.expectDay(1, ['one'])
  await editor.expectDay(2, [])
})

test('a card goes into the trash and comes back from it', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 2 }))
  await editor.addNotes(1, 'one')
  await editor.card('one').focus()
  await editor.page.keyboard.press('Delete')
  await editor.expectDay(1, [])
  await editor.page.getByTestId('more').click()
  await editor.page.getByTestId('open-trash').click()
  await editor.page.getByTestId('trash-card').filter({ hasText: 'one' }).getByTestId('trash-restore').click()
  await editor.expectDay(1, ['one'])
})

test('what opens near the lower edge of a small window is in it', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const page = await browse(mina, { viewport: { width: 1024, height: 560 } })
  const editor = await EditorPage.open(page, await mina.createTrip({ days: 1 }))
  const titles = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
  await editor.addNotes(1, ...titles)

  await test.step('suggestions under the last card, and the line that they are for', async () => {
    await editor.day(1).getByTestId('add-place').click()
    const line = editor.day(1).getByTestId('quick-add-input')
    await line.fill('Seoul')
    await expect(page.getByTestId('suggestion').last()).toBeInViewport({ ratio: 1 })
    await expect(line).toBeInViewport({ ratio: 1 })
    await line.fill('Grandmas house qqq')
    await expect(page.getByTestId('offer-map')).toBeInViewport({ ratio: 1 })
    await page.getByTestId('offer-plain').click()
    await line.press('Escape')
  })

  await test.step('the menu of the last card, with all that is in it', async () => {
    const last = editor.card('Grandmas house qqq')
    await last.scrollIntoViewIfNeeded()
    await last.hover()
    await page.locator('[data-testid=card-menu][aria-label*=Grandmas]').click()
    for (const item of ['card-open', 'card-trash']) await expect(page.getByTestId(item)).toBeInViewport({ ratio: 1 })
    await page.keyboard.press('Escape')
  })

  await test.step('suggestions in the sheet of a card', async () => {
    await editor.openCard('Grandmas house qqq')
    await page.getByTestId('place-search').scrollIntoViewIfNeeded()
    await page.getByTestId('place-search').click()
    await page.getByTestId('field-place').getByTestId('quick-add-input').fill('Seoul')
    await expect(page.getByTestId('suggestion').last()).toBeInViewport({ ratio: 1 })
  })
})
