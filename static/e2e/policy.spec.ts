// The content security policy holds for everything that the pages do: not one violation on any of the main screens.

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'
import { watchPolicy } from './policy'

test('the account pages and the dashboard keep to the policy', async ({ browse }) => {
  const page = await browse()
  const violations = await watchPolicy(page)
  await page.goto('/login')
  await page.getByTestId('login-form').waitFor()
  await page.goto('/signup')
  await page.getByTestId('name').fill('Mina')
  await page.getByTestId('mail').fill('mina@example.org')
  await page.getByTestId('password').fill('correct horse battery staple')
  await page.getByTestId('submit').click()
  await page.getByTestId('welcome').waitFor()
  await page.getByTestId('sample-jeju').click()
  await page.waitForURL(/\/trips\//)
  await page.goto('/')
  await page.getByTestId('trip-tile').first().waitFor()
  await page.goto('/invite/nothing')
  await page.waitForLoadState('networkidle')
  expect(await violations()).toEqual([])
})

test('the editor keeps to the policy: board, map, sheet, drag, search, versions', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const trip = await mina.createTrip({ title: 'Jeju', sample: 'jeju' })
  const page = await browse(mina)
  const violations = await watchPolicy(page)
  const editor = await EditorPage.open(page, trip)
  await editor.addNotes(1, 'Buy tickets')
  await editor.drag(editor.card('Buy tickets'), 2)
  await editor.openCard('Buy tickets')
  await editor.note.fill('한글도')
  await page.keyboard.press('Escape')
  await editor.saveVersion('First')
  await editor.restoreVersion('First')
  await editor.expectState('saved')
  expect(await violations()).toEqual([])
})

test('the page of the interface works under the policy', async ({ browse }) => {
  const page = await browse()
  const violations = await watchPolicy(page)
  await page.goto('/api/docs/')
  await expect(page.locator('.opblock').first()).toBeVisible()
  await page.locator('.opblock').first().click()
  await expect(page.locator('.opblock.is-open .opblock-body')).toBeVisible()
  expect(await violations()).toEqual([])
})

test('a violation is noticed', async ({ browse }) => {
  const page = await browse()
  const violations = await watchPolicy(page)
  await page.goto('/login')
  await page.getByTestId('login-form').waitFor()
  await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'window.hacked = true'
    document.body.append(script)
  })
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
  await expect.poll(violations).not.toEqual([])
})
