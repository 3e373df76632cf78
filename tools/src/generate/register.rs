//! Rows of the register (信用主体): one a subject.

use super::city::{City, DIVISIONS};
use super::sheet::Sheet;
use super::subject::{Class, Organisation, Person, Subject};

pub(super) fn write(city: &City, subject: &Subject, sheet: &mut Sheet) {
    match subject {
        Subject::Organisation(organisation) => write_organisation(city, organisation, sheet),
        Subject::Person(person) => write_person(person, sheet),
    }
}

fn write_organisation(city: &City, organisation: &Organisation, sheet: &mut Sheet) {
    sheet.cell(match organisation.class {
        Class::Business => "个体工商户",
        Class::Enterprise | Class::Cooperative => "企业法人",
        _ => "非企业法人",
    });
    sheet.code(&organisation.code);
    organisation.write_name(sheet.buffer());
    sheet.end();
    if organisation.has_former_name() {
        organisation.write_former_name(sheet.buffer());
    }
    sheet.end();
    sheet.code(organisation.former_code().as_ref().map_or(&[], |code| code.as_slice()));
    let successor = city.successor(organisation);
    sheet.code(successor.as_ref().map_or(&[], |other| other.code.as_slice()));
    let code = organisation.organisation_code();
    match organisation.number % 5 {
        0 => sheet.blanks(1),
        1 => sheet.ascii(&code[..8]).text("-").code(&code[8..]),
        _ => sheet.code(code),
    }
    sheet.code(organisation.registration().as_ref().map_or(&[], |code| code.as_slice()));
    sheet.code(organisation.tax().as_ref().map_or(&[], |code| code.as_slice()));
    match organisation.class {
        Class::Institution => sheet.text("事证第").ascii(&organisation.certificate()).cell("号"),
        _ => sheet.blanks(1),
    }
    match organisation.class {
        Class::Society | Class::Service | Class::Foundation => sheet.code(&organisation.certificate()),
        _ => sheet.blanks(1),
    }
    match city.representative(organisation) {
        Some(person) => {
            person.write_name(sheet.buffer());
            sheet.end();
            sheet.cell(person.document_type());
            sheet.code(person.number());
        }
        None => sheet.blanks(3),
    }
    sheet.cell(if successor.is_some() { "注销" } else { organisation.state() });
    sheet.cell(DIVISIONS[organisation.division].code);
    sheet.close();
}

fn write_person(person: &Person, sheet: &mut Sheet) {
    sheet.cell("自然人");
    sheet.cell(person.document_type());
    sheet.code(person.number());
    sheet.cell(person.country);
    person.write_name(sheet.buffer());
    sheet.end();
    if person.has_former_name() {
        person.write_former_name(sheet.buffer());
    }
    sheet.end();
    sheet.cell(if person.is_dead() { "死亡" } else { "" });
    sheet.cell(DIVISIONS[person.division].code);
    sheet.cell(person.occupation());
    sheet.close();
}
