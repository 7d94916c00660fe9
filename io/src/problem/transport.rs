//! The section [transport]: by what flow fields are advected, and with which options.

use std::ops::Range;

use fluxions_solver::{Advector, Formula, Mpdata, Origin, ThirdOrder, Transport};
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table, TomlValue};

const KEYS: [&str; 13] = [
    "velocity",
    "courant",
    "stream_function",
    "fields",
    "iterations",
    "infinite_gauge",
    "nonoscillatory",
    "third_order",
    "divergent_flow",
    "dpdc",
    "signed",
    "g_factor",
    "diffusivity",
];

/// The keys that set the flow; each section has one of them.
const ADVECTORS: [&str; 3] = ["velocity", "courant", "stream_function"];

const EXAMPLES: &str = "one of velocity = [\"-y\", \"x\"], courant = [\"0.2\", \"0.1\"] and \
                        stream_function = \"sin(x)*sin(y)\"";

/// A table of the section, with the fields that it is for.
pub(crate) struct AdvectedSection<'t> {
    pub(crate) fields: Vec<String>,
    table: Table<'t>,
    /// The place of its name.
    at: Range<usize>,
}

/// How a field is advected.
#[derive(Debug)]
pub(crate) struct TransportEntry {
    pub(crate) field: String,
    pub(crate) transport: Transport,
    /// Whether the file has mistakes in it; then parts of it are substitutes.
    pub(crate) is_wrong: bool,
}

/// The tables of the section, in the order of the file. A table is for the fields in its key
/// `fields`, or else for the field of its name.
pub(crate) fn sections<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
) -> Vec<AdvectedSection<'t>> {
    let mut sections: Vec<AdvectedSection<'t>> = Vec::new();
    let Some(section) = reader.table(document, "transport") else { return sections };
    if let (true, Some(at)) = (section.entries.is_empty(), document.key_span("transport")) {
        let help = Some("write it as [transport.NAME], NAME being a field");
        reader.note(Diagnostic::at(at, "nothing is advected").help(help));
    }
    let mut taken: Vec<String> = Vec::new();
    for (key, value) in section.entries.iter() {
        let name = key.get_ref().as_ref();
        if !matches!(value.get_ref(), DeValue::Table(_)) {
            let message = format!("`{name}` in [transport] does not say what is advected");
            let help = Some("write the keys below [transport.NAME], NAME being a field");
            reader.note(Diagnostic::at(key.span(), message).help(help));
            break;
        }
        let Some(table) = reader.as_table(value, &format!("transport.{name}")) else { continue };
        let mut fields = Vec::new();
        for (field, at, value) in advected(reader, &table, name, key.span(), value) {
            if taken.contains(&field) {
                let message = format!("`{field}` is advected twice");
                reader.note(Diagnostic::at(at, message));
                continue;
            }
            reader.remember(Origin::Transport { of: field.clone(), key: "" }, at, value);
            taken.push(field.clone());
            fields.push(field);
        }
        sections.push(AdvectedSection { fields, table, at: key.span() });
    }
    sections
}

/// The fields that a table is for, with their places.
fn advected<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    name: &str,
    key: Range<usize>,
    value: &'t TomlValue<'t>,
) -> Vec<(String, Range<usize>, &'t TomlValue<'t>)> {
    let Some(list) = table.get("fields") else { return vec![(name.into(), key, value)] };
    let items = match list.get_ref() {
        DeValue::String(_) => vec![list],
        _ => reader.list(list).unwrap_or_default(),
    };
    if let DeValue::Array(items) = list.get_ref()
        && items.is_empty()
    {
        reader.note(Diagnostic::at(list.span(), "no field is advected"));
    }
    let field = |item: &'t TomlValue<'t>| {
        let field = reader.string(item, "the name of a field")?;
        Some((field.to_string(), item.span(), item))
    };
    items.into_iter().filter_map(field).collect()
}

/// How each field is advected, on a grid with this number of axes.
pub(crate) fn read<'t>(
    reader: &mut Reader<'t>,
    sections: &[AdvectedSection<'t>],
    axes: usize,
) -> Vec<TransportEntry> {
    let mut entries = Vec::new();
    for section in sections {
        let before = reader.mistakes.len();
        let transport = read_table(reader, section, axes);
        let is_wrong = reader.mistakes.len() > before;
        entries.extend(section.fields.iter().map(|field| TransportEntry {
            field: field.clone(),
            transport: transport.clone(),
            is_wrong,
        }));
    }
    entries
}

fn read_table<'t>(
    reader: &mut Reader<'t>,
    section: &AdvectedSection<'t>,
    axes: usize,
) -> Transport {
    let table = &section.table;
    let unknown = reader.known_keys(table, &KEYS);
    for (key, value) in table.entries.iter() {
        let Some(known) = KEYS.into_iter().find(|known| key.get_ref() == known) else { continue };
        for field in &section.fields {
            let origin = Origin::Transport { of: field.clone(), key: known };
            if !matches!(value.get_ref(), DeValue::Array(_)) {
                // A single formula stands for a list of one.
                reader.remember(origin.item(0), value.span(), value);
            }
            reader.remember(origin, key.span(), value);
        }
    }
    // Without a right flow the field is at rest, so that further mistakes can be found.
    let advector = advector(reader, section, unknown);
    let still = || Advector::Velocity(vec![Formula::Number(0.0); axes.max(1)]);
    let mut transport = Transport::by(advector.unwrap_or_else(still));
    transport.options = options(reader, table);
    if let Some(g_factor) = table.get("g_factor").and_then(|value| reader.scalar(value)) {
        transport.g_factor = g_factor;
    }
    match table.get("diffusivity").and_then(|value| scalars(reader, value)) {
        // No diffusion costs less than one that is 0.
        Some(list) if list == [Formula::Number(0.0)] => {}
        Some(list) => transport.diffusivity = list,
        None => {}
    }
    transport
}

fn advector<'t>(
    reader: &mut Reader<'t>,
    section: &AdvectedSection<'t>,
    unknown: bool,
) -> Option<Advector<Formula>> {
    let flows = section.table.entries.iter().filter_map(|(key, value)| {
        let known = ADVECTORS.into_iter().find(|known| key.get_ref() == known)?;
        Some((known, key.span(), value))
    });
    let flows: Vec<_> = flows.collect();
    let [(kind, _, value)] = flows[..] else {
        if let [(first, ..), (second, at, _), ..] = &flows[..] {
            let message = format!("either `{first}` or `{second}`, not both");
            reader.note(Diagnostic::at(at.clone(), message));
        } else if !unknown {
            let message = "nothing here says by what flow the field is advected";
            reader.note(Diagnostic::at(section.at.clone(), message).help(Some(EXAMPLES)));
        }
        return None;
    };
    Some(match kind {
        "velocity" => Advector::Velocity(scalars(reader, value)?),
        "courant" => Advector::Courant(scalars(reader, value)?),
        _ => Advector::StreamFunction(reader.scalar(value)?),
    })
}

/// A list of numbers and expressions, or a single one.
fn scalars<'t>(reader: &mut Reader<'t>, value: &'t TomlValue<'t>) -> Option<Vec<Formula>> {
    match value.get_ref() {
        DeValue::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| reader.scalar(item)).collect();
            items.into_iter().collect()
        }
        _ => Some(vec![reader.scalar(value)?]),
    }
}

fn options<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Mpdata {
    let default = Mpdata::default();
    let iterations = table.get("iterations").and_then(|value| {
        match reader.whole_number(value, "the number of iterations")? {
            0 => {
                let message =
                    "there must be at least 1 iteration, which is the donor-cell (upwind) scheme";
                reader.note(Diagnostic::at(value.span(), message));
                None
            }
            iterations => Some(iterations as usize),
        }
    });
    let third_order = table.get("third_order").and_then(|value| third_order(reader, value));
    let mut flag = |key: &str, default: bool| {
        table.get(key).and_then(|value| reader.boolean(value)).unwrap_or(default)
    };
    Mpdata {
        iterations: iterations.unwrap_or(default.iterations),
        infinite_gauge: flag("infinite_gauge", default.infinite_gauge),
        nonoscillatory: flag("nonoscillatory", default.nonoscillatory),
        third_order: third_order.unwrap_or(default.third_order),
        divergent_flow: flag("divergent_flow", default.divergent_flow),
        dpdc: flag("dpdc", default.dpdc),
        signed: flag("signed", default.signed),
    }
}

fn third_order<'t>(reader: &mut Reader<'t>, value: &'t TomlValue<'t>) -> Option<ThirdOrder> {
    match value.get_ref() {
        DeValue::Boolean(true) => Some(ThirdOrder::Standard),
        DeValue::Boolean(false) => Some(ThirdOrder::None),
        DeValue::String(text) if text == "full" => Some(ThirdOrder::Full),
        DeValue::String(text) => {
            let message = format!("unknown third_order \"{text}\"");
            let help = Some("known here: true, false, \"full\"");
            reader.note(Diagnostic::at(value.span(), message).help(help));
            None
        }
        _ => {
            reader.wrong_type(value, "true, false or \"full\"");
            None
        }
    }
}
