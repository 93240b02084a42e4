// The trip editor as a person sees it: what stands where, and the acts of hands and keys.

import { expect, type Locator, type Page } from '@playwright/test'

/** What the chip says of the connection, whichever the language. */
type SyncState = 'saved' | 'saving' | 'offline' | 'reconnecting' | 'readonly' | 'access-changed' | 'refused'

export class EditorPage {
  readonly chip: Locator
  readonly note: Locator
  readonly title: Locator

  constructor(readonly page: Page) {
    this.chip = page.getByTestId('sync-chip')
    this.note = page.getByTestId('card-note')
    this.title = page.getByTestId('card-title')
  }

  /** Opens a trip for somebody who is logged in, and waits until the server has answered. */
  static async open(page: Page, trip: string): Promise<EditorPage> {
    await page.goto(`/trips/${trip.replace('trip:', '')}`)
    const editor = new EditorPage(page)
    await editor.chip.waitFor()
    await expect(editor.chip).toHaveAttribute('data-state', /^(saved|readonly)$/)
    return editor
  }

  async expectState(state: SyncState, within?: number): Promise<void> {
    await expect(this.chip).toHaveAttribute('data-state', state, { timeout: within })
  }

  /** The n-th day's column, from 1. */
  day(n: number): Locator {
    return this.page.getByTestId('day-column').nth(n - 1)
  }

  card(title: string): Locator {
    return this.page.locator(`[data-testid=card][data-title="${title}"]`)
  }

  /** The same card, whatever it is called later. */
  async cardForGood(title: string): Promise<Locator> {
    return this.page.locator(`[data-card="${await this.card(title).getAttribute('data-card')}"]`)
  }

  /** The people who are here besides oneself. */
  get others(): Locator {
    return this.page.getByTestId('people').getByTestId('avatar')
  }

  /** The titles of a day's cards, in their order. */
  async expectDay(n: number, titles: string[]): Promise<void> {
    await expect
      .poll(() => this.day(n).getByTestId('card').evaluateAll((cards) => cards.map((card) => card.dataset.title)))
      .toEqual(titles)
  }

  /** Types notes into a day, one after the other, as one does who has many. */
  async addNotes(n: number, ...titles: string[]): Promise<void> {
    await this.day(n).getByTestId('add-note').click()
    const line = this.day(n).getByTestId('quick-add-input')
    for (const title of titles) {
      await line.fill(title)
      await line.press('Enter')
      await expect(this.day(n).locator(`[data-title="${title}"]`)).toBeVisible()
    }
    await line.press('Escape')
  }

  async openCard(title: string): Promise<void> {
    await this.card(title).dblclick()
    await this.title.waitFor()
  }

  /** Drags a card with the mouse, as a hand does: past the threshold first, then into a day beside it. */
  async drag(card: Locator, n: number): Promise<void> {
    const { mouse } = this.page
    await card.scrollIntoViewIfNeeded()
    const from = await centre(card)
    const to = await centre(this.day(n))
    await mouse.move(from.x, from.y)
    await mouse.down()
    await mouse.move(from.x + 8, from.y + 8)
    await mouse.move(to.x, to.y, { steps: 4 })
    await mouse.up()
  }

  async saveVersion(name: string): Promise<void> {
    await this.page.keyboard.press('Control+s')
    await this.page.getByTestId('version-name').fill(name)
    await this.page.getByTestId('version-save').click()
    await this.page.getByTestId('save-box').waitFor({ state: 'hidden' })
  }

  async restoreVersion(name: string): Promise<void> {
    await this.page.getByTestId('versions').click()
    await this.page.getByTestId('version-row').filter({ hasText: name }).click()
    await this.page.getByTestId('version-restore').click()
    await this.page.getByTestId('version-restore').waitFor({ state: 'hidden' })
    await this.page.getByTestId('panel-close').click()
  }
}

async function centre(what: Locator): Promise<{ x: number; y: number }> {
  const box = await what.boundingBox()
  if (box === null) throw new Error(`not on the screen: ${what}`)
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}
