// What a dashboard may hold, by Grafana's own types: its Dashboard, with the options and the custom fields of each panel's kind, which
// Dashboard leaves open.
import type { AnnotationQuery, Dashboard, DataSourceRef, FieldConfig, Panel, RowPanel } from '@grafana/schema';
import type * as barGauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// Text is a type as JSON holds it: the words of an enum instead of its names.
export type Text<T> = T extends string ? `${T}` : T extends (infer E)[] ? Text<E>[] : T extends object ? { [K in keyof T]: Text<T[K]> } : T;

// Fields are the settings of a field, with those of one kind of panel, and nothing else.
interface Fields<Custom> {
  defaults: Omit<FieldConfig, 'custom'> & { custom?: Custom };
  overrides: { matcher: { id: 'byName' | 'byFrameRefID' | 'byRegexp'; options: string }; properties: Property<Custom>[] }[];
}

// Property is a setting by its path.
type Property<Custom> =
  | { [K in keyof FieldConfig & string]-?: { id: K; value: NonNullable<FieldConfig[K]> } }[Exclude<keyof FieldConfig & string, 'custom'>]
  | { [K in keyof Custom & string]-?: { id: `custom.${K}`; value: NonNullable<Custom[K]> } }[keyof Custom & string];

// Target is a query to Prometheus. Its type is not published on npm: these are the fields of Grafana's documentation.
interface Target {
  refId: string;
  datasource: DataSourceRef;
  expr: string;
  legendFormat: string;
  editorMode: 'code' | 'builder';
  format: 'time_series' | 'table' | 'heatmap';
  range: boolean;
  instant: boolean;
}

interface Kind<Type extends string, Options, Custom> extends Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  type: Type;
  options: Options;
  fieldConfig: Fields<Custom>;
  targets: Target[];
}

type Shown =
  | Kind<'timeseries', timeSeries.Options, timeSeries.FieldConfig>
  | Kind<'stat', stat.Options, {}>
  | Kind<'bargauge', barGauge.Options, {}>
  | Kind<'table', table.Options, table.FieldConfig>
  | Kind<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | RowPanel;

// Mark is an annotation by a query to Prometheus, whose type is not published either.
interface Mark extends Omit<AnnotationQuery, 'target'> {
  expr: string;
  step: string;
  titleFormat: string;
  useValueForTime: boolean;
}

// Checked is a dashboard as it is written.
export type Checked = Text<Omit<Dashboard, 'panels' | 'annotations'> & { annotations: { list: Mark[] }; panels: Shown[] }>;
