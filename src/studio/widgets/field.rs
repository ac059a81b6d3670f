//! Labelled inputs: the visible label names the field for everyone.

use egui::{ComboBox, Margin, Response, RichText, TextEdit, Ui};

/// A label above its control; the control is named by the label.
pub fn labelled(ui: &mut Ui, label: &str, control: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let label = ui.label(RichText::new(label).small().weak());
        control(ui).labelled_by(label.id)
    })
    .inner
}

/// A one-line text field with a spoken name.
pub fn name_field(ui: &mut Ui, text: &mut String, name: &str, hint: &str, width: f32) -> Response {
    ui.add(line_edit(text, width).hint_text(hint)).accessible_name(name)
}

/// A one-line text field as tall as a button, without a name of its own.
pub fn line_edit(text: &mut String, width: f32) -> TextEdit<'_> {
    TextEdit::singleline(text).desired_width(width).margin(Margin::symmetric(8, 5))
}

/// A field that narrows a list.
pub fn search_field(ui: &mut Ui, text: &mut String, name: &str, width: f32) -> Response {
    name_field(ui, text, name, name, width)
}

/// A drop-down of choices; answers whether another was chosen.
pub fn choice<T: PartialEq + Clone>(
    ui: &mut Ui,
    id: impl egui::AsIdSalt,
    name: &str,
    value: &mut T,
    options: &[(T, String)],
    width: f32,
) -> bool {
    let shown = options.iter().find(|(option, _)| option == value).map_or("Choose…", |(_, text)| text);
    let mut changed = false;
    ComboBox::from_id_salt(id)
        .width(width)
        .truncate()
        .selected_text(shown)
        .show_ui(ui, |ui| {
            for (option, text) in options {
                if ui.selectable_label(option == value, text).clicked() && option != value {
                    *value = option.clone();
                    changed = true;
                }
            }
        })
        .response
        .accessible_name(name);
    changed
}
