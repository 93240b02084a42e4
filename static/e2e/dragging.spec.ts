// Carrying a card over a board: what a move asks of the browser does not grow with the number of cards.

import { Peer } from '../../tests/interop/harness/peer.js'
import { addCard } from '../../tests/interop/harness/trip.js'
import { EditorPage } from './editor'
import { expect, type Page, Person, test } from './fixtures'

const DAYS = 4

/** What the page does while it is counted: the most boxes that are asked for in one frame, and elements that are changed. */
interface Count {
  boxes: number
  changes: number
}

async function startCounting(page: Page): Promise<void> {
  await page.evaluate(() => {
    const count: Count = { boxes: 0, changes: 0 }
    Object.assign(window, { count })
    const { getBoundingClientRect } = Element.prototype
    let inFrame = 0
    Element.prototype.getBoundingClientRect = function () {
      count.boxes = Math.max(count.boxes, ++inFrame)
      return getBoundingClientRect.call(this)
    }
    const board = document.querySelector('[data-testid=board]')
    if (board === null) throw new Error('no board')
    new MutationObserver((changes) => (count.changes += changes.length)).observe(board, {
      subtree: true, childList: true, attributes: true, characterData: true,
    })
    const frame = () => {
      inFrame = 0
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
}

test('a card is carried over 400 cards as over 20', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const costs: Count[] = []
  for (const cards of [20, 400]) {
    const trip = await mina.createTrip({ days: DAYS })
    const peer = await Peer.join(mina, trip)
    peer.doc.transact(() => {
      for (let n = 0; n < cards; n++) addCard(peer.doc, `d${1 + (n % DAYS)}`, `card ${n}`)
    })
    const editor = await EditorPage.open(await browse(mina), trip)
    const { page } = editor
    await expect(page.getByTestId('card')).toHaveCount(cards)
    peer.leave()

    /** Carries the card over another one, until it would fall before it. */
    const over = async (title: string) => {
      const box = await editor.card(title).boundingBox()
      if (box === null) throw new Error(`not on the screen: ${title}`)
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 4, { steps: 4 })
      await expect(page.locator('li').filter({ has: editor.card(title) }).locator('[data-gap]')).toHaveCount(1)
    }
    await editor.card('card 0').hover()
    await page.mouse.down()
    // Each lane is measured when it is come to for the first time.
    for (const title of ['card 1', 'card 8', 'card 5']) await over(title)
    await startCounting(page)
    for (const title of ['card 12', 'card 9', 'card 8', 'card 5', 'card 9', 'card 12']) await over(title)
    costs.push(await page.evaluate(() => (window as unknown as { count: Count }).count))
    await page.mouse.up()
  }
  const [few, many] = costs
  if (few === undefined || many === undefined) throw new Error('nothing was counted')
  expect(few.changes).toBeGreaterThan(0)
  // Which gaps lie on the way, and what falls into one frame, differs a little each time.
  expect(many.boxes, 'boxes in one frame').toBeLessThanOrEqual(2 * few.boxes)
  expect(many.changes, 'changes of elements').toBeLessThanOrEqual(2 * few.changes)
})
