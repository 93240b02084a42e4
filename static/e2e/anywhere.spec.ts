// Browsers that forbid something, names of any length and in any script, and one day everywhere.

import type { Locator } from '@playwright/test'

import { EditorPage } from './editor'
import { expect, type Page, Person, test } from './fixtures'
import { expectLayers } from './layers'

const LONG = 'Donaudampfschifffahrtsgesellschaftskapitaenskajuete'.slice(0, 48)
/** Of phones, of the narrowest desk, and of wider ones. */
const WIDTHS = [320, 390, 721, 768, 1440]

/** How far the page and what is open on it reach beyond the window, at each width. */
async function expectNoOverhang(page: Page, where: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 740 })
    const overhang = () => page.evaluate(() => {
      // What the board scrolls is clipped on purpose; bars and what floats have to fit with all that is in them.
      const fits = document.querySelectorAll('dialog[open], [popover]:popover-open, aside, [data-testid=editor] > *')
      const ends = [...fits].map((one) => one.getBoundingClientRect().left + Math.max(one.clientWidth, one.scrollWidth))
      return Math.max(document.documentElement.scrollWidth, ...ends) - innerWidth
    })
    await expect.poll(overhang, { message: `${where} at ${width} px` }).toBeLessThanOrEqual(0)
  }
}

for (const language of ['ko', 'en'] as const) {
  test(`no screen is wider than the window, whatever names are in it (${language})`, async ({ browse, server }) => {
    const ara = await Person.signUp(server, LONG.slice(0, 40), language)
    const guest = await Person.signUp(server, LONG.slice(8), language)
    const trip = await ara.createTrip({ title: LONG, sample: 'jeju', language })
    await ara.createTrip({ title: LONG })
    await ara.share(trip, guest, 'editor')
    await ara.call('POST', `/documents/${trip}/versions`, { name: LONG })
    const { token } = await ara.call('POST', `/trips/${trip}/invites`, { role: 'commenter' })
    const page = await browse(ara, { locale: language })
    const at = (id: string) => page.getByTestId(id)
    const close = () => page.keyboard.press('Escape')

    await page.goto(`/invite/${token}`)
    await at('invite-open').waitFor()
    await expectNoOverhang(page, 'invite')
    await page.goto('/nowhere')
    await at('missing').waitFor()
    await expectNoOverhang(page, 'missing')

    await page.goto('/')
    await at('trip-tile').first().waitFor()
    await expectNoOverhang(page, 'dashboard')
    for (const [open, shown] of [['account-menu', 'log-out'], ['bell', 'bell-list'], ['create-trip', 'create-dialog']] as const) {
      await at(open).click()
      await at(shown).waitFor()
      await expectNoOverhang(page, open)
      await close()
      await at(shown).waitFor({ state: 'hidden' })
    }
    // What was closed takes its entry out of the history; an address that is typed meanwhile would be given up for that.
    await expectLayers(page)

    const editor = await EditorPage.open(page, trip)
    await editor.addNotes(1, LONG)
    await expectNoOverhang(page, 'editor')
    await page.context().setOffline(true)
    await editor.expectState('offline')
    await expectNoOverhang(page, 'editor offline')
    await page.context().setOffline(false)
    await editor.expectState('saved')
    for (const [open, shown] of [['dates', 'dates-form'], ['save-version', 'save-box'], ['versions', 'versions-panel'], ['share', 'share-dialog']] as const) {
      await at(open).click()
      await at(shown).waitFor()
      if (open === 'versions') await at('version-row').first().click()
      await expectNoOverhang(page, open)
      await close()
      await at(shown).waitFor({ state: 'hidden' })
    }
    await editor.card(LONG).focus()
    await page.keyboard.press('e')
    await at('card-sheet').waitFor()
    await expectNoOverhang(page, 'card')
    await close()
    await page.keyboard.press('Delete')
    await expectNoOverhang(page, 'toast')
    await page.setViewportSize({ width: 390, height: 740 })
    await at('tab-more').click()
    await expectNoOverhang(page, 'more')

    const stranger = await browse(null, { locale: language })
    for (const path of ['/login', '/signup', `/invite/${token}`]) {
      await stranger.goto(path)
      await stranger.locator('h1').waitFor()
      await expectNoOverhang(stranger, path)
    }
  })
}

test('a browser that forbids cookies and storage shows the page and says so', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const trip = await mina.createTrip({ days: 2 })
  const page = await browse()
  await page.addInitScript(() => {
    const forbid = () => { throw new DOMException('Access is denied for this document.', 'SecurityError') }
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches']) Object.defineProperty(window, name, { get: forbid })
    Object.defineProperty(navigator, 'cookieEnabled', { get: () => false })
  })
  await page.goto(`/trips/${trip.replace('trip:', '')}`)
  await expect(page.getByTestId('cookies-blocked')).toBeVisible()
  await page.getByTestId('theme-switch').click()
  await page.getByTestId('mail').fill(mina.mail)
  await page.getByTestId('password').fill(mina.password)
  await page.getByTestId('submit').click()
  const editor = new EditorPage(page)
  await editor.expectState('saved')
  await editor.addNotes(1, 'one')
  await editor.expectState('saved')
})

test('a browser without WebSocket, and one whose client can\'t start, say so', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const trip = await mina.createTrip({ days: 2 })
  const page = await browse(mina)
  await page.addInitScript(() => Reflect.deleteProperty(window, 'WebSocket'))
  await page.goto(`/trips/${trip.replace('trip:', '')}`)
  await expect(page.getByTestId('broken')).toContainText('WebSocket')

  const broken = await browse()
  await broken.route('**/assets/*.js', (route) => /last-resort/.test(route.request().url()) ? route.continue() : route.abort())
  await broken.goto('/')
  await expect(broken.getByRole('alert')).toBeVisible()
})

test('what is written from right to left turns itself, and nothing around it', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'דנה!')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ title: 'טיול לסיאול!', days: 2 }))
  await editor.addNotes(1, 'שוק (ערב)!')
  await editor.openCard('שוק (ערב)!')
  await editor.title.fill('\u2068מוזיאון\u2069 \u202a+82 2\u202c!')
  const card = editor.card('מוזיאון +82 2!')
  await expect(card, 'what phones put around names is taken out').toBeVisible()
  await editor.note.fill('להזמין שולחן!')
  const { page } = editor
  const directions = (...all: Locator[]) =>
    Promise.all(all.map((one) => one.evaluate((element) => getComputedStyle(element).direction)))
  expect(await directions(card.locator('.title'), editor.title, editor.note, page.getByTestId('trip-title')))
    .toEqual(['rtl', 'rtl', 'rtl', 'rtl'])
  expect(await directions(card, editor.day(1), page.locator('html'))).toEqual(['ltr', 'ltr', 'ltr'])
  await page.getByTestId('share').click()
  expect(await directions(page.getByTestId('member').locator('bdi')), 'a name').toEqual(['rtl'])
  await page.keyboard.press('Escape')
  await editor.expectState('saved')
  await page.getByTestId('home').click()
  const headings = [page.getByTestId('hero'), page.getByTestId('trip-tile')].map((one) => one.getByRole('heading', { name: 'טיול' }))
  await expect(headings[1]!).toBeVisible()
  expect(await directions(...headings)).toEqual(['rtl', 'rtl'])
})

test('a day that is chosen on the map is that day everywhere', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const trip = await mina.createTrip({ sample: 'jeju', language: 'en' })
  const editor = await EditorPage.open(await browse(mina, { viewport: { width: 900, height: 800 } }), trip)
  const { page } = editor
  const chips = page.getByTestId('day-chips').getByRole('button')
  const shown = async () => {
    const pins = await page.getByTestId('map').locator('[data-pin]').evaluateAll((all) => all.map((pin) => (pin as HTMLElement).dataset.pin))
    const lanes = await page.getByTestId('card').evaluateAll((cards, ids) => cards
      .filter((card) => ids.includes((card as HTMLElement).dataset.card))
      .map((card) => card.closest<HTMLElement>('[data-day]')?.dataset.day ?? 'tray'), pins)
    return [...new Set(lanes)]
  }
  const third = await editor.day(3).getAttribute('data-day')
  await chips.nth(3).click()
  await expect.poll(shown, 'pins of that day alone').toEqual([third])
  const titles = await editor.day(3).getByTestId('card').evaluateAll((cards) => cards.map((card) => card.dataset.title))
  for (const cluster of await page.getByTestId('map').locator('.cluster').all()) {
    for (const title of (await cluster.getAttribute('aria-label'))?.split(', ') ?? []) expect(titles).toContain(title)
  }
  await expect(editor.day(3)).toBeInViewport({ ratio: 0.9 })

  const first = await editor.day(1).getAttribute('data-day')
  await editor.day(1).getByTestId('card').first().scrollIntoViewIfNeeded()
  await editor.day(1).getByTestId('card').first().click()
  await expect(chips.nth(1), 'a card of another day takes the map along').toHaveAttribute('aria-pressed', 'true')
  await expect.poll(shown).toEqual([first])
  await chips.nth(0).click()
  await expect.poll(async () => (await shown()).length).toBeGreaterThan(1)
})
