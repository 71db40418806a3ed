import { shell } from '#text/en/shell.ts';
import { CurrentArea, NavLink } from './nav-link.tsx';
import { adminNavigation, customerNavigation, type NavigationGroup } from './navigation.ts';

/** The links of the area the visitor is in. Rendered on the server. */
export function SideNavigation() {
  return (
    <nav aria-label={shell.navigation} className="flex-1 overflow-y-auto px-3 pb-4">
      <CurrentArea customer={<Groups groups={customerNavigation} />} admin={<Groups groups={adminNavigation} />} />
    </nav>
  );
}

function Groups({ groups }: { groups: readonly NavigationGroup[] }) {
  return groups.map((group) => (
    <div key={group.label ?? ''} className="mt-4 first:mt-1">
      {group.label ? <p className="mb-1 px-2 font-medium text-faint text-xs">{group.label}</p> : null}
      <ul aria-label={group.label ?? undefined} className="grid gap-px">
        {group.items.map(({ href, label, icon: Icon }) => (
          <li key={href}>
            <NavLink href={href}>
              <Icon aria-hidden="true" />
              {label}
            </NavLink>
          </li>
        ))}
      </ul>
    </div>
  ));
}
