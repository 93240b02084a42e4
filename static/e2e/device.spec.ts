// What is kept on this device: shared by the windows of a person, listed for them, and gone for the next one.

import AxeBuilder from '@axe-core/playwright'
import { devices, type Page } from '@playwright/test'

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

/** Everything that this origin keeps in this browser about people and trips. */
const keptIn = (page: Page) =>
  page.evaluate(async () => {
    const stores = (await indexedDB.databases()).map(({ name }) => name ?? '')
    return [...stores, ...Object.keys(localStorage)].filter((name) => name.startsWith('moim/'))
  })

/** How many changes the local copies still count as unsent: what the server has is noted a little later than it is shown. */
const unsentIn = (page: Page) =>
  page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const names = (await indexedDB.databases()).map(({ name }) => name ?? '').filter((name) => name.startsWith('moim/'))
    let unsent = 0
    for (const name of names) {
      const store = await done(indexedDB.open(name))
      unsent += await done(store.transaction('unsent').objectStore('unsent').count())
      store.close()
    }
    return unsent
  })

test('two windows offline show the same, count together, and save once, also when one is closed before', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const page = await browse(ara)
  const one = await EditorPage.open(page, trip)
  const other = await EditorPage.open(await page.context().newPage(), trip)
  await server.kill()
  await one.addNotes(1, 'by the first')
  await other.addNotes(2, 'by the second')
  for (const editor of [one, other]) {
    await editor.expectDay(1, ['by the first'])
    await editor.expectDay(2, ['by the second'])
    await editor.expectState('offline')
    await expect(editor.chip).toContainText('2')
  }
  await other.page.close()
  await expect(one.chip).toContainText('2')
  await server.run()
  await one.expectState('saved')
  const elsewhere = await EditorPage.open(await browse(ara), trip)
  await elsewhere.expectDay(1, ['by the first'])
  await elsewhere.expectDay(2, ['by the second'])
})

test('a log-out leaves nothing of the person in this browser', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Secret', days: 2 })
  const page = await browse(ara)
  const editor = await EditorPage.open(page, trip)
  await editor.addNotes(1, 'secret')
  await editor.expectState('saved')
  const beside = await EditorPage.open(await page.context().newPage(), trip)
  expect(await keptIn(page)).not.toEqual([])

  await page.getByTestId('account-menu').click()
  await page.getByTestId('log-out').click()
  await page.getByTestId('login-form').waitFor()
  await beside.page.getByTestId('login-form').waitFor()
  await expect.poll(() => keptIn(page)).toEqual([])
  await page.goBack()
  await page.getByTestId('login-form').waitFor()
  await expect(page.getByText('Secret')).toHaveCount(0)
})

test('a log-out with unsaved changes asks: saved as a file, kept for later, or deleted', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const page = await browse(ara)
  const editor = await EditorPage.open(page, trip)
  await server.kill()
  await editor.addNotes(1, 'not saved')
  await page.getByTestId('account-menu').click()
  await page.getByTestId('log-out').click()
  const dialog = page.getByTestId('leave-dialog')
  await expect(dialog.getByTestId('leave-item')).toContainText('Jeju')
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations).toEqual([])

  await test.step('saved as a file', async () => {
    const downloading = page.waitForEvent('download')
    await dialog.getByTestId('leave-save').click()
    expect((await downloading).suggestedFilename()).toBe('Jeju.moim.json')
  })
  await test.step('kept, and saved when Ara is back', async () => {
    await dialog.getByTestId('leave-keep').click()
    await page.getByTestId('login-form').waitFor()
    expect(await keptIn(page)).not.toEqual([])
    await server.run()
    await page.getByTestId('mail').fill(ara.mail)
    await page.getByTestId('password').fill(ara.password)
    await page.getByTestId('submit').click()
    await page.getByTestId('account-menu').click()
    await page.getByTestId('open-device').click()
    await page.getByTestId('device-send').click()
    await editor.expectState('saved')
    await editor.expectDay(1, ['not saved'])
  })
  await test.step('deleted, at Ara\'s word', async () => {
    await server.kill()
    await editor.addNotes(1, 'to be deleted')
    await page.getByTestId('account-menu').click()
    await page.getByTestId('log-out').click()
    await dialog.getByTestId('leave-discard').click()
    await page.getByTestId('login-form').waitFor()
    await expect.poll(() => keptIn(page)).toEqual([])
    await server.run()
  })
})

test('a log-out without a connection is made up for, and nobody is logged in by a reload', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const page = await browse(ara)
  await page.goto('/')
  await page.getByTestId('account-menu').waitFor()
  const cookies = await page.context().cookies()
  await server.kill()
  await page.getByTestId('account-menu').click()
  await page.getByTestId('log-out').click()
  await page.getByTestId('login-form').waitFor()
  await expect(page.getByTestId('toast').first()).toContainText('once it can be reached')

  await server.run()
  await page.goto('/')
  await page.getByTestId('login-form').waitFor()
  await expect.poll(() => page.evaluate(() => localStorage.getItem('moim.logOut'))).toBeNull()
  const thief = await page.context().browser()?.newContext({ baseURL: server.http })
  await thief?.addCookies(cookies)
  expect((await thief?.request.post('/api/v1/sessions/refresh'))?.status()).toBe(401)
})

test('what the last person left behind is gone when the next one logs in, but for what is not saved', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const saved = await ara.createTrip({ title: 'Saved', days: 2 })
  const page = await browse(ara)
  const editor = await EditorPage.open(page, saved)
  await editor.addNotes(1, 'saved')
  await editor.expectState('saved')
  await expect.poll(() => unsentIn(page)).toBe(0)
  // Ara's session has ended without a log-out.
  await page.goto('about:blank')
  await page.context().clearCookies()
  await page.context().request.post('/api/v1/sessions', { data: { mail: byeol.mail, password: byeol.password } })
  await page.goto('/')
  await page.getByTestId('dashboard').waitFor()
  await expect.poll(() => keptIn(page)).toEqual([])
})

const { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch } = devices['Pixel 7']

for (const [name, options] of [
  ['a desk, in English', { locale: 'en-GB' }],
  ['a phone of 320 pixels, in Korean and dark', { viewport: { ...viewport, width: 320 }, userAgent, deviceScaleFactor, isMobile, hasTouch, locale: 'ko-KR', colorScheme: 'dark' }],
] as const) {
  test(`the list of what is kept: saved as a file, deleted, loaded and brought back, on ${name}`, async ({ browse, server }) => {
    const ara = await Person.signUp(server, 'Ara', options.locale.slice(0, 2))
    const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
    const page = await browse(ara, options)
    const editor = await EditorPage.open(page, trip)
    await server.kill()
    await page.getByTestId('add-note').first().click()
    await page.getByTestId('quick-add-input').fill('not saved')
    await page.getByTestId('quick-add-input').press('Enter')
    await expect(editor.card('not saved')).toBeVisible()
    await expect(editor.chip).toHaveAttribute('data-state', /offline|reconnecting/)
    // The trip itself must not send it.
    await page.route('**/api/v1/documents/*/tickets', (route) => route.abort())
    await server.run()
    await page.goto('/device')
    const row = page.getByTestId('device-copy')
    await expect(row).toHaveAttribute('data-unsent', '1')
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)

    const downloading = page.waitForEvent('download')
    await row.getByTestId('device-save').click()
    const file = await (await downloading).path()
    await row.getByTestId('device-delete').click()
    await row.getByTestId('device-delete-confirm').click()
    await expect(row).toHaveCount(0)

    await page.unroute('**/api/v1/documents/*/tickets')
    await page.getByTestId('device-file').setInputFiles({ name: 'wrong.json', mimeType: 'application/json', buffer: Buffer.from('{}') })
    await expect(page.getByTestId('toast').first()).toContainText('wrong.json')
    await page.getByTestId('device-file').setInputFiles(file)
    await expect(row).toHaveAttribute('data-is', 'aside')
    await row.getByTestId('device-merge').click()
    await expect(row.and(page.locator('[data-is=aside]'))).toHaveCount(0)
    const elsewhere = await EditorPage.open(await browse(ara), trip)
    await expect(elsewhere.card('not saved')).toBeVisible()
  })
}
