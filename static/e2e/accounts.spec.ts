// One browser, two people: nothing of one goes out as the other's, and what is not saved waits for whose it is.

import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

/** Cuts one page off, and not the browser's others. */
async function cutOff(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page)
  const set = async (offline: boolean) => {
    await session.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 })
  }
  await session.send('Network.enable')
  await set(true)
  return () => set(false)
}

/** A page that hears nothing of other windows. */
async function deafPage(page: Page): Promise<Page> {
  const other = await page.context().newPage()
  await other.addInitScript(() => {
    Object.defineProperty(window, 'BroadcastChannel', { value: undefined })
    const { getItem } = Storage.prototype
    Storage.prototype.getItem = function (key) {
      return key === 'moim.account' ? null : getItem.call(this, key)
    }
    addEventListener('storage', (event) => event.stopImmediatePropagation(), true)
  })
  return other
}

async function logIn(page: Page, { mail, password }: Person): Promise<void> {
  await page.getByTestId('mail').fill(mail)
  await page.getByTestId('password').fill(password)
  await page.getByTestId('submit').click()
}

test('somebody else logs in while there are unsaved edits: the window stops, and the edits stay whose they are', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  await ara.share(trip, byeol, 'editor')

  // Before Ara is logged in, so that there is a form for Byeol to fill in.
  const first = await browse()
  const other = await deafPage(first)
  await other.goto('/login')
  await other.getByTestId('login-form').waitFor()
  await first.goto('/login')
  await logIn(first, ara)
  await first.getByTestId('account-menu').waitFor()
  const a = await EditorPage.open(first, trip)
  await a.addNotes(1, 'saved as Ara')
  await a.expectState('saved')

  const backOnline = await cutOff(first)
  // Once the socket is given up: what a socket has taken before goes out as Ara's when the network is back.
  await expect(a.chip).toHaveAttribute('data-state', /offline|reconnecting/, { timeout: 60_000 })
  await a.addNotes(1, 'written by Ara')

  await logIn(other, byeol)
  await other.getByTestId('account-menu').waitFor()
  const stopped = first.getByTestId('stopped')
  await expect(stopped).toHaveAttribute('data-reason', 'otherAccount')
  await expect(stopped.getByTestId('kept-for')).toContainText('Ara')
  const { violations } = await new AxeBuilder({ page: first }).analyze()
  expect(violations).toEqual([])

  const sent: string[] = []
  first.on('request', (request) => sent.push(request.url()))
  await backOnline()
  await first.evaluate(() => window.dispatchEvent(new Event('online')))
  const b = await EditorPage.open(other, trip)
  await b.expectDay(1, ['saved as Ara'])
  expect(sent.filter((url) => url.includes('tickets')), 'nothing goes out of the stopped window').toEqual([])
  await expect(first.getByTestId('card')).toHaveCount(2)

  await test.step('Ara logs in again, and it is saved as hers', async () => {
    await stopped.getByTestId('log-in-again').click()
    await logIn(first, ara)
    await a.expectState('saved')
    await a.expectDay(1, ['saved as Ara', 'written by Ara'])
    expect(await cardsOf(ara, trip)).toEqual(['saved as Ara', 'written by Ara'])
  })
})

test('a cookie that has become another person\'s is noticed at the next renewal', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const page = await browse(ara)
  const a = await EditorPage.open(page, trip)
  await page.context().request.post('/api/v1/sessions', { data: { mail: byeol.mail, password: byeol.password } })
  // The server does not know Ara's token any more, for whatever reason.
  await page.route('**/api/v1/documents/*/versions*', (route) => route.fulfill({ status: 401, body: '{}' }))
  await page.getByTestId('versions').click()
  await expect(page.getByTestId('stopped')).toHaveAttribute('data-reason', 'otherAccount')
  await page.getByTestId('go-on-as-them').click()
  await page.getByTestId('account-menu').click()
  await expect(page.getByText(byeol.mail)).toBeVisible()
  await expect(a.chip).toHaveCount(0)
})

test('a session that ends elsewhere covers the trip, and logging in again brings everything', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const page = await browse(ara)
  const a = await EditorPage.open(page, trip)
  await page.context().clearCookies()
  await page.route('**/api/v1/documents/*/versions*', (route) => route.fulfill({ status: 401, body: '{}' }), { times: 1 })
  await page.getByTestId('versions').click()
  await expect(page.getByTestId('stopped')).toHaveAttribute('data-reason', 'loggedOut')
  await page.getByTestId('log-in-again').click()
  await logIn(page, ara)
  await a.expectState('saved')
})

async function cardsOf(person: Person, trip: string): Promise<string[]> {
  const { days } = await person.projection(trip) as { days: { cards: { title: string }[] }[] }
  return days.flatMap(({ cards }) => cards.map(({ title }) => title))
}
