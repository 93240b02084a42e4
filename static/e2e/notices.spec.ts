// The bell: what others did that concerns me comes by itself, counts once, and is read once for all of my tabs.

import AxeBuilder from '@axe-core/playwright'
import { devices, type WebSocket } from '@playwright/test'

import { EditorPage } from './editor'
import { expect, type Locator, type Page, Person, test } from './fixtures'

const { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch } = devices['Pixel 7']
const PHONE = { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch }

/** The bell of a page, and the list behind it. */
class Bell {
  readonly button: Locator
  readonly count: Locator
  readonly list: Locator
  readonly notices: Locator

  constructor(readonly page: Page) {
    this.button = page.getByTestId('bell')
    this.count = page.getByTestId('bell-count')
    this.list = page.getByTestId('bell-list')
    this.notices = page.getByTestId('notice')
  }

  static async onDashboard(page: Page): Promise<Bell> {
    await page.goto('/')
    await page.getByTestId('dashboard').waitFor()
    return new Bell(page)
  }

  async expectUnread(count: number): Promise<void> {
    await expect(this.button).toHaveAttribute('data-unread', String(count))
    await expect(this.count).toHaveCount(count === 0 ? 0 : 1)
  }

  async open(): Promise<void> {
    await this.button.click()
    await this.list.waitFor()
  }

  async close(): Promise<void> {
    await this.page.keyboard.press('Escape')
    await expect(this.list).toBeHidden()
  }

  /** The kinds of what is listed, newest first. */
  async expectKinds(...kinds: string[]): Promise<void> {
    await expect
      .poll(() => this.notices.evaluateAll((notices) => notices.map((notice) => notice.dataset.kind)))
      .toEqual(kinds)
  }
}

test('who joins rings once, and reading in one tab counts in all', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju' })
  const { path } = await ara.call('POST', `/trips/${trip}/invites`, { role: 'editor' })
  const page = await browse(ara)
  const first = await Bell.onDashboard(page)
  const second = await Bell.onDashboard(await page.context().newPage())
  await first.expectUnread(0)
  await first.open()
  await expect(page.getByTestId('bell-empty')).toBeVisible()
  await first.close()

  await test.step('B accepts the invitation: the bell of A counts one in both tabs, and is told', async () => {
    const guest = await browse(byeol)
    await guest.goto(path)
    await guest.getByTestId('invite-accept').click()
    await guest.getByTestId('editor').waitFor()
    await first.expectUnread(1)
    await second.expectUnread(1)
    await expect(first.button).toHaveAccessibleName('Notifications, 1 unread')
    await expect(page.getByTestId('bell-told')).toHaveText('Byeol joined “Jeju” as an editor')
    await new Bell(guest).expectUnread(0)
  })

  await test.step('opened, it says who did what, and leads there', async () => {
    await first.open()
    await first.expectKinds('joined')
    await expect(first.notices).toHaveAttribute('data-fresh', 'true')
    await expect(first.notices.locator('time')).toHaveAttribute('title', /\d{4}/)
    await first.expectUnread(0)
    await second.expectUnread(0)
    await first.notices.getByRole('link').click()
    await expect(page).toHaveURL(new RegExp(`/trips/${trip.replace('trip:', '')}$`))
    await expect(first.list).toBeHidden()
  })

  await test.step('and it stays read', async () => {
    await page.goto('/')
    await expect(page.getByTestId('trip-tile')).toBeVisible()
    await first.open()
    await first.expectKinds('joined')
    await expect(first.notices).toHaveAttribute('data-fresh', 'false')
    await first.expectUnread(0)
  })
})

test('what is missed while the server is away comes once when it is back', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju' })
  await ara.share(trip, byeol, 'editor')
  const page = await browse(byeol)
  const bell = await Bell.onDashboard(page)
  await expect(page.getByTestId('trip-tile')).toBeVisible()

  await test.step('a changed role is told', async () => {
    await ara.setRole(trip, byeol, 'viewer')
    await bell.expectUnread(1)
    await expect(page.getByTestId('bell-told')).toHaveText('Ara made you a viewer of “Jeju”')
  })

  await test.step('the server is killed, and much happens before this tab is back', async () => {
    // The tab has no network, so that it is surely the last to hear.
    await page.context().setOffline(true)
    await server.kill()
    await server.run()
    await ara.setRole(trip, byeol, 'editor')
    await ara.call('PATCH', `/trips/${trip}`, { status: 'trashed' })
    await ara.call('PATCH', `/trips/${trip}`, { status: 'active' })
    await ara.remove(trip, byeol)
    await page.context().setOffline(false)
    await bell.expectUnread(4)
    await expect(page.getByTestId('bell-told')).toHaveText('3 new notifications.')
    await expect(page.getByTestId('welcome'), 'the list of trips follows').toBeVisible()
  })

  await test.step('each is listed once, in order', async () => {
    await bell.open()
    // That it came out of the trash would be told once it is quiet, to those who are in by then.
    await bell.expectKinds('removed', 'trashed', 'role_changed', 'role_changed')
    await expect(bell.notices.first().getByRole('link'), 'the trip is closed to B').toHaveCount(0)
    await page.reload()
    await bell.expectUnread(0)
    await bell.open()
    // That it came out of the trash would be told once it is quiet, to those who are in by then.
    await bell.expectKinds('removed', 'trashed', 'role_changed', 'role_changed')
  })
})

test('the dashboard shows live who is inside, and who was let in', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju' })
  const page = await browse(ara)
  const bell = await Bell.onDashboard(page)
  const tile = page.getByTestId('trip-tile')
  await expect(tile).toBeVisible()
  await expect(tile.getByTestId('here')).toHaveCount(0)

  await ara.share(trip, byeol, 'editor')
  await bell.expectUnread(1)
  await expect(tile.getByRole('img', { name: '2 people' })).toBeVisible()

  const guest = await browse(byeol)
  await EditorPage.open(guest, trip)
  await expect(tile.getByTestId('here')).toHaveText('1 here now')
  await expect(page.getByTestId('hero').getByTestId('here')).toBeVisible()
  await guest.close()
  await expect(tile.getByTestId('here')).toHaveCount(0)
})

test('an open trip tells of my role by itself, and the bell does not say it again', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju' })
  await ara.share(trip, byeol, 'editor')
  const editor = await EditorPage.open(await browse(byeol), trip)
  const bell = new Bell(editor.page)
  const told = editor.page.getByTestId('bell-told')

  await ara.setRole(trip, byeol, 'viewer')
  await expect(editor.page.getByTestId('stopped')).toHaveAttribute('data-reason', 'lowered')
  await bell.expectUnread(1)
  await expect(told).toBeEmpty()

  await ara.call('PATCH', `/trips/${trip}`, { status: 'trashed' })
  await bell.expectUnread(2)
  await expect(told).toHaveText('Ara moved “Jeju” to the trash')
})

test('there is one socket a tab, and it ends with the log-in', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  await ara.createTrip({ title: 'Jeju' })
  const page = await browse(ara)
  const sockets: WebSocket[] = []
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).pathname === '/events') sockets.push(socket)
  })
  await page.goto('/')
  await page.getByTestId('trip-tile').getByRole('link').click()
  await page.getByTestId('sync-chip').and(page.locator('[data-state=saved]')).waitFor()
  await page.getByTestId('home').click()
  await page.getByTestId('trip-tile').waitFor()
  expect(sockets.map((socket) => socket.isClosed())).toEqual([false])
  await page.getByTestId('account-menu').click()
  await page.getByTestId('log-out').click()
  await page.getByTestId('login-form').waitFor()
  await expect.poll(() => sockets.map((socket) => socket.isClosed())).toEqual([true])
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the bell has no obstacles, on a desk and on a phone, ${colorScheme}`, async ({ browse, server }) => {
    const ara = await Person.signUp(server, 'Ara')
    const byeol = await Person.signUp(server, 'Byeol')
    const trip = await ara.createTrip({ title: 'Jeju' })
    await ara.share(trip, byeol, 'editor')
    await ara.setRole(trip, byeol, 'viewer')
    await byeol.call('DELETE', `/trips/${trip}/members/${byeol.id}`)

    for (const options of [{}, PHONE]) {
      const page = await browse(ara, { colorScheme, ...options })
      for (const path of ['/', `/trips/${trip.replace('trip:', '')}`]) {
        await page.goto(path)
        const bell = new Bell(page)
        await page.getByTestId('trip-tile').or(page.getByTestId('board')).first().waitFor()
        await expect(bell.button).toBeVisible()
        await expectNoObstacles(page)
        await bell.open()
        await bell.expectKinds('left', 'joined')
        await expectNoObstacles(page)
        const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        expect(overhang, path).toBeLessThanOrEqual(0)
      }
    }
  })
}

test('on a phone the bell opens a sheet, with room for a thumb', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol', 'ko')
  const trip = await ara.createTrip({ title: '겨울 제주' })
  await ara.share(trip, byeol, 'viewer')
  await ara.setRole(trip, byeol, 'editor')
  const page = await browse(byeol, { ...PHONE, locale: 'ko-KR' })
  const editor = await EditorPage.open(page, trip)
  const bell = new Bell(page)
  await bell.expectUnread(1)
  await bell.button.tap()
  await bell.expectKinds('role_changed')
  await expect(bell.notices).toContainText('Ara님이 ‘겨울 제주’ 여행에서 내 역할을 편집자로 바꿨어요')
  for (const target of [bell.button, bell.notices.getByRole('link')]) {
    const box = await target.boundingBox()
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44)
  }
  await bell.notices.getByRole('link').tap()
  await expect(bell.list).toBeHidden()
  await editor.expectState('saved')
})

async function expectNoObstacles(page: Page): Promise<void> {
  // What fades in has no colour of its own yet.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))))
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}`))
  expect(found).toEqual([])
}
